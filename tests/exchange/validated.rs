//! The platforms' own schemas accept every lesson as it is exported; engines accept their configurations where they are installed.
use crate::browser::{built_loadgen, validator};
use loadpath_core::topology::catalog::{self, Form};
use loadpath_core::topology::{Topology, lessons, three_tier};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Every lesson as `loadgen export` writes it.
fn exported(folder: &Path, format: &str, ending: &str) -> Vec<PathBuf> {
    let lessons = lessons::all().iter();
    lessons.map(|lesson| export(folder, lesson.id, &lesson.document(), format, ending)).collect()
}

fn export(folder: &Path, name: &str, document: &Topology, format: &str, ending: &str) -> PathBuf {
    let (design, file) = (folder.join(format!("{name}.json")), folder.join(format!("{name}.{ending}")));
    std::fs::write(&design, document.to_json()).unwrap();
    let mut command = Command::new(built_loadgen());
    command.arg("export").arg(&design).args(["--format", format, "--output"]).arg(&file);
    ended_well(&mut command);
    file
}

fn ended_well(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let said = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{command:?}\n{said}");
    output
}

#[test]
fn docker_compose_s_schema_accepts_every_lesson_and_refuses_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let files = exported(folder.path(), "compose", "yaml");
    let check = |files: &[PathBuf]| {
        let mut command = Command::new(validator("check-jsonschema"));
        command.args(["--builtin-schema", "vendor.compose-spec"]).args(files);
        command
    };
    ended_well(&mut check(&files));
    let wrong = folder.path().join("wrong.yaml");
    let text = std::fs::read_to_string(&files[0]).unwrap().replace("restart:", "restarts:");
    std::fs::write(&wrong, text).unwrap();
    assert!(!check(&[wrong]).output().unwrap().status.success(), "the validator looks at services");
}

#[test]
fn kubernetes_s_schemas_accept_every_lesson_and_refuse_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let files = exported(folder.path(), "kubernetes", "yaml");
    let check = |files: &[PathBuf]| {
        let mut command = Command::new(validator("kubernetes-validate"));
        command.arg("--strict").args(files);
        command
    };
    ended_well(&mut check(&files));
    let wrong = folder.path().join("wrong.yaml");
    let text = std::fs::read_to_string(&files[0]).unwrap().replace("containerPort:", "port:");
    std::fs::write(&wrong, text).unwrap();
    assert!(!check(&[wrong]).output().unwrap().status.success(), "the validator looks into pods");
}

#[test]
fn kubernetes_s_schemas_accept_load_agents() {
    let folder = tempfile::tempdir().unwrap();
    for targets in
        [&[][..], &["--allow-target", "shop.example:443", "--image", "agent=ghcr.io/acme/loadgen:1"]]
    {
        let file = folder.path().join("agents.yaml");
        let mut export = Command::new(built_loadgen());
        export.args(["export", "--format", "agents", "--agents", "8", "--output"]).arg(&file).args(targets);
        ended_well(&mut export);
        ended_well(Command::new(validator("kubernetes-validate")).arg("--strict").arg(&file));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("completionMode: Indexed") && text.contains("completions: 8"), "{text}");
        assert_eq!(text.contains("shop.example:443"), !targets.is_empty(), "{text}");
    }
}

#[test]
fn the_schema_of_designs_accepts_every_lesson_and_refuses_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    ended_well(Command::new(built_loadgen()).args(["export", "--format", "schema", "--output"]).arg(&schema));
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let check = |files: &[PathBuf]| {
        let mut command = Command::new(validator("check-jsonschema"));
        command.arg("--schemafile").arg(&schema).args(files);
        command
    };
    let all: Vec<PathBuf> = lessons::all()
        .iter()
        .map(|lesson| write(&format!("{}.json", lesson.id), &lesson.document().to_json()))
        .collect();
    ended_well(&mut check(&all));
    for (number, text) in [
        r#"{"loadpath": 2}"#,
        r#"{"loadpath": 1, "nodes": [{"id": "Web", "kind": "service"}]}"#,
        r#"{"loadpath": 1, "nodes": [{"id": "web", "kind": "service", "ttl": "1s"}]}"#,
        r#"{"loadpath": 1, "nodes": [{"id": "web", "kind": "service", "workers": 0}]}"#,
        r#"{"loadpath": 1, "nodes": [{"id": "db", "kind": "database", "ship_interval": "12"}]}"#,
        r#"{"loadpath": 1, "edges": [{"from": "a", "to": "b", "mode": "async"}]}"#,
    ]
    .iter()
    .enumerate()
    {
        let wrong = write(&format!("wrong-{number}.json"), text);
        assert!(!check(&[wrong]).output().unwrap().status.success(), "{text}");
    }
}

#[test]
fn nginx_accepts_the_configuration_of_every_cdn_and_balancer() {
    let folder = tempfile::tempdir().unwrap();
    let cdns: usize = exported(folder.path(), "kubernetes", "yaml")
        .iter()
        .map(|file| accepted_by_nginx(folder.path(), &std::fs::read_to_string(file).unwrap()))
        .sum();
    assert!(cdns >= 4, "only {cdns} were found: lessons have more");
    let balancer = catalog::kind("load_balancer").unwrap();
    let Form::Choice(policies) = catalog::param(balancer.params, "policy").unwrap().form else { panic!() };
    for &(policy, _) in policies {
        let mut document = three_tier();
        for (name, value) in [("engine", "nginx"), ("policy", policy)] {
            document.nodes[1].params.insert(name.to_owned(), value.into());
        }
        document.nodes[1].params.insert("rate_limit".to_owned(), "500/s".into());
        let file = export(folder.path(), policy, &document, "kubernetes", "yaml");
        assert_eq!(accepted_by_nginx(folder.path(), &std::fs::read_to_string(file).unwrap()), 1, "{policy}");
    }
}

/// How many configurations there are in the file; nginx has accepted each.
fn accepted_by_nginx(folder: &Path, text: &str) -> usize {
    let here = folder.display();
    // A configuration is the one block of text under this key; what is indented less ends it.
    let parts = text.split("  nginx.conf: |").skip(1);
    let check = |part: &str| {
        let lines = part.lines().skip(1).take_while(|line| line.is_empty() || line.starts_with("    "));
        let config: String = lines
            .map(|line| line.get(4..).unwrap_or_default())
            .map(|line| match line.trim().strip_prefix("server ").and_then(|rest| rest.split_once(":8080")) {
                // Names are known on the platform alone, and its folders are not this machine's.
                Some((_, rest)) => format!("server 127.0.0.1:8080{rest}\n"),
                None if line == "http {" => format!("{line}\n{}", own_folders(folder)),
                None => format!("{}\n", line.replace("/var/cache/nginx", &format!("{here}/cache"))),
            })
            .collect();
        let own = folder.join("nginx.conf");
        std::fs::write(&own, format!("pid {here}/pid;\nerror_log stderr;\n{config}")).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("nginx");
        command
            .env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"))
            .args(["-t", "-q", "-e", "stderr", "-c"])
            .arg(&own);
        ended_well(&mut command);
    };
    parts.map(check).count()
}

/// Where nginx may write when it is not root.
fn own_folders(folder: &Path) -> String {
    let own = |name: &str| format!("  {name}_temp_path {}/{name};\n", folder.display());
    ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(own).concat()
}
