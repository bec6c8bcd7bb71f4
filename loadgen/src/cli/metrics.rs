//! `--metrics`: a run's figures while it is under way, for Prometheus to scrape.
use super::Failure;
use crate::api;
use crate::store::SoFar;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Begins to serve them at this address, which must be loopback; until it is dropped.
pub(super) async fn serve(
    address: Option<SocketAddr>,
    figures: SoFar,
) -> Result<Option<AbortOnDropHandle<()>>, Failure> {
    let Some(address) = address else { return Ok(None) };
    if !address.ip().to_canonical().is_loopback() {
        let why = format!("--metrics {address}: figures are served on loopback only, like 127.0.0.1:9464");
        return Err(Failure::Input(why));
    }
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|why| {
        Failure::Went(format!("--metrics {address} cannot be listened on ({why}): choose another port"))
    })?;
    let at = listener.local_addr().unwrap_or(address);
    eprintln!("figures for Prometheus are at http://{at}/metrics until the run ends");
    Ok(Some(AbortOnDropHandle::new(tokio::spawn(async move {
        // It was bound, so it has an address, and serving it does not end.
        let _ = api::serve_metrics(listener, figures).await;
    }))))
}
