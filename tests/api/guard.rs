//! Who is let in.
use super::{Serving, raw};
use crate::live::{Agent, wait_until};
use loadgen::api::ROUTES;

#[test]
fn every_route_refuses_strangers_and_whoever_has_no_token() {
    let serving = Serving::start();
    let token = serving.token();
    let open = [("GET", "/api/status"), ("POST", "/api/session"), ("GET", "/api/runs/{id}/events")];
    for (method, path) in
        ROUTES.into_iter().chain([("GET", "/"), ("GET", "/index.html"), ("GET", "/no-such-file")])
    {
        let send = |host: &str, rest: &str| {
            let path = path.replace("{id}", "0123456789abcdef");
            let body =
                if method == "POST" { "content-type: application/json\r\ncontent-length: 2\r\n" } else { "" };
            let content = if method == "POST" { "{}" } else { "" };
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{rest}{body}connection: close\r\n\r\n{content}"
            );
            raw::send(serving.address, &head).status
        };
        let ours = serving.address.to_string();
        let with_token = format!("authorization: Bearer {token}\r\n");
        assert_eq!(send("evil.example", &with_token), 421, "{method} {path}, another host");
        assert_eq!(send(&format!("{ours}.evil.example"), &with_token), 421, "{method} {path}, a longer host");
        for origin in ["null", "http://evil.example", &format!("http://{ours}.evil.example")] {
            let origin = format!("{with_token}origin: {origin}\r\n");
            assert_eq!(send(&ours, &origin), 403, "{method} {path}, {origin}");
        }
        assert_eq!(
            send(&ours, &format!("{with_token}sec-fetch-site: cross-site\r\n")),
            403,
            "{method} {path}"
        );
        let from_page = format!("origin: http://{ours}\r\n");
        let status = send(&ours, &from_page);
        if path.starts_with("/api/") && !open.contains(&(method, path)) {
            assert_eq!(status, 401, "{method} {path}, no token");
            let wrong = format!("{from_page}authorization: Bearer {}\r\n", "0".repeat(64));
            assert_eq!(send(&ours, &wrong), 401, "{method} {path}, a wrong token");
        } else {
            assert!(status < 500 && status != 421, "{method} {path}: {status}");
        }
    }
}

#[test]
fn hosts_in_odd_forms_are_refused() {
    let serving = Serving::start();
    let ours = serving.address;
    for request in [
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nhost: {ours}\r\nhost: {ours}\r\nconnection: close\r\n\r\n"),
        format!("GET http://{ours}/ HTTP/1.1\r\nhost: {ours}\r\nconnection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: user@{ours}\r\nconnection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: 0.0.0.0:{}\r\nconnection: close\r\n\r\n", ours.port()),
        "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".to_owned(),
    ] {
        let answer = raw::send(ours, &request);
        assert!([400, 421].contains(&answer.status), "{request:?}: {answer:?}");
    }
    for host in [format!("localhost:{}", ours.port()), format!("[::1]:{}", ours.port()), ours.to_string()] {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(raw::send(ours, &request).status, 200, "{host}");
    }
}

#[test]
fn an_agent_is_not_loaded_by_an_agent() {
    let serving = Serving::start();
    let url = format!("http://{}/", serving.address);
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(crate::browser::built_loadgen());
    command.current_dir(folder.path()).env("XDG_DATA_HOME", folder.path());
    command.args(["run", "--url", &url, "--rate", "20/s", "--duration", "1s", "--warm-up", "0s"]);
    let said = command.output().unwrap();
    let table = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.code() == Some(1) && table.contains("HTTP status 403"), "{table}");
}

#[test]
fn the_description_of_the_api_has_every_route() {
    let serving = Serving::start();
    let token = serving.token();
    let answer = serving.ask("GET", "/api/openapi.json", Some(&token), None);
    let served: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    for (method, path) in ROUTES {
        assert!(served["paths"][path][method.to_lowercase()].is_object(), "{method} {path}");
    }
    let said = std::process::Command::new(crate::browser::built_loadgen()).arg("openapi").output().unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(printed, served);
}

#[test]
fn no_simple_request_acts_and_no_preflight_is_allowed() {
    let serving = Serving::start();
    let token = serving.token();
    let ours = serving.address;
    let post = |rest: &str| {
        let head =
            format!("POST /api/runs HTTP/1.1\r\nhost: {ours}\r\nauthorization: Bearer {token}\r\n{rest}");
        raw::send(ours, &format!("{head}content-length: 2\r\nconnection: close\r\n\r\n{{}}")).status
    };
    for kind in ["", "content-type: text/plain\r\n", "content-type: application/x-www-form-urlencoded\r\n"] {
        assert_eq!(post(kind), 415, "{kind}");
    }
    assert_eq!(
        post("content-type: application/json\r\n"),
        400,
        "read, and found not to be a request for a run"
    );
    let preflight = format!(
        "OPTIONS /api/runs HTTP/1.1\r\nhost: {ours}\r\norigin: http://evil.example\r\n\
         access-control-request-method: POST\r\naccess-control-request-headers: authorization\r\nconnection: close\r\n\r\n"
    );
    for request in [
        preflight,
        format!(
            "GET /api/status HTTP/1.1\r\nhost: {ours}\r\norigin: http://{ours}\r\nconnection: close\r\n\r\n"
        ),
    ] {
        let answer = raw::send(ours, &request);
        assert!(!answer.head.contains("access-control-allow"), "{answer:?}");
    }
}

#[test]
fn a_code_opens_one_session_and_the_token_is_nowhere_else() {
    let mut serving = Serving::start();
    let code = serving.code().to_owned();
    let token = serving.token();
    assert_eq!(token.len(), 64, "256 bits");
    let again = serving.ask("POST", "/api/session", None, Some(&format!(r#"{{"code":"{code}"}}"#)));
    assert_eq!(again.status, 401, "{again:?}");
    assert!(again.body.contains("no longer"), "{}", again.body);
    let guess =
        serving.ask("POST", "/api/session", None, Some(&format!(r#"{{"code":"{}"}}"#, "0".repeat(64))));
    assert_eq!(guess.status, 401);
    // The terminal has a new code for the next page, which is as good as the first was.
    let next = serving.agent.line_with("#code=");
    assert!(!next.contains(&code) && !next.contains(&token), "{next}");
    serving.invitation = next.rsplit(' ').next().unwrap().to_owned();
    let another = serving.token();
    assert_ne!(another, token, "each page has its own");
    for token in [&token, &another] {
        assert_eq!(serving.ask("GET", "/api/runs", Some(token), None).status, 200);
    }
    for path in ["/", "/index.html", "/api/status", "/loadpath.js"] {
        let answer = serving.ask("GET", path, None, None);
        assert!(!answer.body.contains(&token) && !answer.head.contains(&token), "{path}");
    }
    serving.agent.signal("INT");
    let rest = serving.agent.line_with("everything is down");
    assert!(!rest.contains(&token));
}

#[test]
fn the_browser_is_led_to_the_page_without_the_code_in_anyones_arguments() {
    // A stand-in for the desktop's opener: it notes what it is given.
    let folder = tempfile::tempdir().unwrap();
    let (opener, noted) = (folder.path().join("xdg-open"), folder.path().join("noted"));
    let script =
        format!("#!/bin/sh\n{{ echo \"$@\"; cat \"$1\"; }} > {0}.part\nmv {0}.part {0}\n", noted.display());
    std::fs::write(&opener, script).unwrap();
    std::fs::set_permissions(&opener, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let mut agent = Agent::start_with(&["serve", "--port", "0", "--open"], &[("PATH", &path)]);
    let line = agent.line_with("#code=");
    let invitation = line.rsplit(' ').next().unwrap();
    wait_until("the opener was called", || noted.exists());
    let noted = std::fs::read_to_string(noted).unwrap();
    let (arguments, file) = noted.split_once('\n').unwrap();
    assert!(!arguments.contains("code") && file.contains(&format!("url={invitation}\"")), "{noted}");
    agent.signal("INT");
    assert!(agent.end().success());
    assert!(!std::path::Path::new(arguments).exists(), "{arguments} is left behind");
}

#[test]
fn every_answer_tells_the_browser_to_keep_others_out() {
    let serving = Serving::start();
    let ours = serving.address;
    let requests = [
        (200, format!("GET / HTTP/1.1\r\nhost: {ours}\r\nconnection: close\r\n\r\n")),
        (404, format!("GET /nothing HTTP/1.1\r\nhost: {ours}\r\nconnection: close\r\n\r\n")),
        (200, format!("GET /api/status HTTP/1.1\r\nhost: {ours}\r\nconnection: close\r\n\r\n")),
        (401, format!("GET /api/runs HTTP/1.1\r\nhost: {ours}\r\nconnection: close\r\n\r\n")),
        (421, "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n".to_owned()),
    ];
    for (status, request) in requests {
        let answer = raw::send(ours, &request);
        assert_eq!(answer.status, status, "{request}");
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-embedder-policy: require-corp",
        ] {
            assert!(answer.head.contains(header), "{request}: no {header} in {}", answer.head);
        }
    }
}

#[test]
fn no_path_leads_out_of_the_page() {
    let serving = Serving::start();
    let ours = serving.address;
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%5c..%5cetc/passwd",
        "//etc/passwd",
        "/index.html/../../etc/passwd",
        "/index.html%00",
        "/a#/../../etc/passwd",
        "/deps/../..",
        "/index.html?raw",
    ] {
        let answer =
            raw::send(ours, &format!("GET {path} HTTP/1.1\r\nhost: {ours}\r\nconnection: close\r\n\r\n"));
        let is_page = path.starts_with("/index.html?");
        assert!(
            if is_page { [200, 404].contains(&answer.status) } else { [400, 404].contains(&answer.status) },
            "{path}: {answer:?}"
        );
        assert!(!answer.body.contains("root:"), "{path}");
    }
}

#[test]
fn only_loopback_is_listened_on_unless_somebody_understands() {
    for (arguments, says) in [
        (&["serve", "--listen", "0.0.0.0"][..], "is not one address"),
        (&["serve", "--listen", "::", "--i-understand"], "is not one address"),
        (&["serve", "--listen", "::ffff:0.0.0.0", "--i-understand"], "is not one address"),
        (&["serve", "--listen", "192.0.2.1"], "--i-understand"),
        (&["serve", "--listen", "0x0"], "invalid"),
    ] {
        let said =
            std::process::Command::new(crate::browser::built_loadgen()).args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.code() == Some(2) && error.contains(says), "{arguments:?}: {error}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = std::process::Command::new(crate::browser::built_loadgen())
        .args(["serve", "--port", &port])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.code() == Some(1) && error.contains(&format!("port {port} is taken")), "{error}");
}
