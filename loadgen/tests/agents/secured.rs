//! Agents meet over a NATS server that speaks TLS only.
use super::{Ended, LOADGEN, loadgen, nats_with, run_of, target, wait};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn agents_meet_over_tls_with_whom_they_trust_and_with_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (certificate, key) =
        (file("own.pem", own.cert.pem()), file("key.pem", own.signing_key.serialize_pem()));
    let secured = format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}\n");
    let (_server, plain) = nats_with(folder.path(), &secured);
    let nats = plain.replace("nats://", "tls://");
    // Nobody vouches for its certificate, which this system does not know.
    let output = loadgen(folder.path(), &nats, &["agent", "--name", "x"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("no connection to tls://"), "{said}");
    let (target, _) = target();
    let url = format!("http://{target}/");
    let line = ["agent", "--name", "a", "--out", "a.json", "--quiet", "--nats-ca", "own.pem"];
    let mut command = loadgen(folder.path(), &nats, &line);
    let agent = Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let line =
        ["run", "--url", &url, "--rate", "200/s", "--duration", "1s", "--warm-up", "0s", "--agents", "1"];
    let more = ["--nats-ca", "own.pem", "--out", "all.json"];
    let output = loadgen(folder.path(), &nats, &[&line[..], &more].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(wait(agent), 0);
    let (all, own) = (run_of(folder.path().join("all.json")), run_of(folder.path().join("a.json")));
    assert!(all.outcomes().ok > 100 && all.outcomes() == own.outcomes());
    // The option is told where one looks for it.
    let help = Command::new(LOADGEN).args(["agent", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("--nats-ca") && help.contains("tls://nats.example:4222"), "{help}");
}
