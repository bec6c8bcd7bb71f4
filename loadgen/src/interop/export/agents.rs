//! Load agents on Kubernetes: an indexed Job of them, and a NATS server where they meet.
use super::Exported;
use super::yaml::{comment, yaml};
use serde_json::{Value, json};

const NAMESPACE: &str = "loadgen";
/// Where the token of the NATS server is, under "token"; a person makes it.
const SECRET: &str = "loadgen-nats";
/// Where the token is that targets consent with, under "consent-token".
const CONSENT: &str = "loadgen-consent";
/// No registry can have this name (RFC 2606 §2): it is not pulled, and says why.
const MISSING: &str = "image-to-supply.invalid/loadgen:latest";
const PORT: u16 = 4_222;

/// So many agents that may load these targets, as `kubectl apply -f` reads them.
pub fn agents(count: u32, targets: &[String], image: Option<&str>) -> Exported {
    let supply = supplied(targets, image.is_none());
    let version = env!("CARGO_PKG_VERSION");
    let mut text = String::new();
    comment(
        &mut text,
        &format!("{count} load agents and the NATS server where they meet, written by loadgen {version}."),
    );
    comment(&mut text, "You must supply:");
    supply.iter().for_each(|line| comment(&mut text, &format!("- {line}")));
    comment(&mut text, "Then, from any machine that reaches the cluster:");
    for line in [
        format!("  kubectl port-forward --namespace {NAMESPACE} service/nats {PORT} &"),
        format!(
            "  loadgen run --url http://HOST:PORT/ --rate 50k/s --agents {count} --nats nats://127.0.0.1:{PORT} --nats-token-file token"
        ),
    ] {
        comment(&mut text, &line);
    }
    let manifests = [
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }),
        config(),
        server(),
        service(),
        job(count, targets, image.unwrap_or(MISSING)),
    ];
    let text = manifests.iter().fold(text, |text, manifest| text + "---\n" + &yaml(manifest));
    Exported { text, supply, lost: Vec::new() }
}

fn supplied(targets: &[String], no_image: bool) -> Vec<String> {
    let make = format!("kubectl create secret generic --namespace {NAMESPACE}");
    let mut supply = vec![format!(
        "the token of the NATS server: openssl rand -hex 32 > token; {make} {SECRET} --from-file=token"
    )];
    if !targets.is_empty() {
        supply.push(format!(
            "the token that targets consent with: {make} {CONSENT} --from-file=consent-token; a first `loadgen run` against \
             the target draws it, and says where the target must show it"
        ));
    }
    if no_image {
        supply.push("an image whose entry point is this version of loadgen: --image agent=IMAGE".to_owned());
    }
    supply
}

fn metadata(name: &str) -> Value {
    json!({ "name": name, "namespace": NAMESPACE, "labels": labels(name) })
}

fn labels(name: &str) -> Value {
    json!({ "app.kubernetes.io/name": name })
}

fn secret(key: &str) -> Value {
    json!({ "secretKeyRef": { "name": SECRET, "key": key } })
}

fn confined() -> Value {
    json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] },
    })
}

fn nobody() -> Value {
    json!({
        "runAsNonRoot": true, "runAsUser": 65_534, "runAsGroup": 65_534, "fsGroup": 65_534,
        "seccompProfile": { "type": "RuntimeDefault" },
    })
}

/// The server reads its token from its environment, so that it stands in no file and in no list of processes.
fn config() -> Value {
    let config = format!("listen: 0.0.0.0:{PORT}\nauthorization {{ token: $NATS_TOKEN }}\n");
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("nats"), "data": { "nats.conf": config } })
}

fn server() -> Value {
    let probe = json!({ "tcpSocket": { "port": PORT }, "periodSeconds": 5 });
    let container = json!({
        "name": "nats", "image": "nats:2.10-alpine", "args": ["--config", "/etc/loadgen/nats.conf"],
        "env": [{ "name": "NATS_TOKEN", "valueFrom": secret("token") }],
        "ports": [{ "name": "main", "containerPort": PORT }],
        "readinessProbe": probe, "livenessProbe": probe,
        "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "256Mi" } },
        "securityContext": confined(),
        "volumeMounts": [{ "name": "config", "mountPath": "/etc/loadgen", "readOnly": true }],
    });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("nats"),
        "spec": {
            "replicas": 1,
            "selector": { "matchLabels": labels("nats") },
            "template": {
                "metadata": { "labels": labels("nats") },
                "spec": {
                    "automountServiceAccountToken": false, "securityContext": nobody(), "containers": [container],
                    "volumes": [{ "name": "config", "configMap": { "name": "nats" } }],
                },
            },
        },
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata("nats"),
        "spec": { "selector": labels("nats"), "ports": [{ "name": "main", "port": PORT, "targetPort": "main" }] },
    })
}

fn job(count: u32, targets: &[String], image: &str) -> Value {
    let mut args = vec!["agent".to_owned(), "--nats".to_owned(), format!("nats://nats:{PORT}")];
    args.extend(["--name", "$(POD_NAME)", "--quiet", "--out", "/data/share.json"].map(str::to_owned));
    for target in targets {
        args.extend(["--allow-target".to_owned(), target.clone()]);
    }
    let mut mounts = vec![json!({ "name": "data", "mountPath": "/data" })];
    let mut volumes = vec![json!({ "name": "data", "emptyDir": {} })];
    if !targets.is_empty() {
        // Where loadgen looks for it.
        mounts.push(json!({ "name": "consent", "mountPath": "/data/loadpath", "readOnly": true }));
        volumes.push(json!({ "name": "consent", "secret": { "secretName": CONSENT, "defaultMode": 0o440 } }));
    }
    let container = json!({
        "name": "agent", "image": image, "args": args,
        "env": [
            { "name": "POD_NAME", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
            { "name": "LOADGEN_NATS_TOKEN", "valueFrom": secret("token") },
            { "name": "XDG_DATA_HOME", "value": "/data" },
        ],
        "resources": { "requests": { "cpu": "1", "memory": "256Mi" }, "limits": { "memory": "1Gi" } },
        "securityContext": confined(),
        "volumeMounts": mounts,
    });
    // Agents on one machine would share its cores and its connection.
    let apart = json!({
        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": { "matchLabels": labels("agents") },
    });
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata("agents"),
        "spec": {
            // An agent that was lost is not replaced: its share of the run is gone, and it would wait for the next.
            "completionMode": "Indexed", "completions": count, "parallelism": count, "backoffLimit": 0,
            "ttlSecondsAfterFinished": 3_600,
            "template": {
                "metadata": { "labels": labels("agents") },
                "spec": {
                    "restartPolicy": "Never", "automountServiceAccountToken": false, "securityContext": nobody(),
                    "topologySpreadConstraints": [apart], "containers": [container],
                    "volumes": volumes,
                },
            },
        },
    })
}
