//! Figures of a run under way, for Prometheus to scrape: on the page's server, or alone beside a run of the command line.
use super::guard::Guard;
use super::reply::{Reply, content, text};
use super::server;
use crate::store::SoFar;
use axum::Router;
use axum::routing::get;
use hyper::StatusCode;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Where they are.
pub(super) const PATH: &str = "/metrics";
/// Text exposition format 0.0.4.
const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The answer to a scrape.
pub(super) fn answer(figures: String) -> Reply {
    content(StatusCode::OK, KIND, figures)
}

/// Serves the figures of one run, and nothing else, behind the guard that every route is behind. Ends when it is dropped.
///
/// # Errors
/// When the socket has no address.
pub async fn serve_metrics(listener: TcpListener, figures: SoFar) -> io::Result<Infallible> {
    let guard = Guard::new(listener.local_addr()?, Arc::default());
    let scraped = get(async move || answer(figures.prometheus()));
    let nothing = get(async || text(StatusCode::NOT_FOUND, "the figures are at /metrics"));
    let router = Router::new().route(PATH, scraped).fallback_service(nothing);
    Ok(server::serve(listener, guard, router).await)
}
