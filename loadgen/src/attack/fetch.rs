//! One page of a target, asked for once: not load, but what is read beside it.
use super::Target;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::header::{ACCEPT, HOST, USER_AGENT};
use hyper::{Request, StatusCode, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The text at `path`, by HTTP/1.1 without TLS, of at most so many bytes.
///
/// # Errors
/// When there is no answer, it is not 200, or it is no such text: what was wrong with it.
pub(crate) async fn fetch(target: &Target, path: &str, accept: &str, most: usize) -> Result<String, String> {
    let stream = TcpStream::connect(target.address).await.map_err(|why| format!("no connection: {why}"))?;
    let lost = |why: hyper::Error| format!("the connection broke: {why}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    let request = Request::get(path)
        .header(HOST, &target.host)
        .header(ACCEPT, accept)
        .header(USER_AGENT, concat!("loadgen/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|why| why.to_string())?;
    // The answer can be read only while the connection is driven, and the connection ends with this function.
    let asked = async {
        let response = sender.send_request(request).await.map_err(lost)?;
        if response.status() != StatusCode::OK {
            return Err(format!("it answered {}", response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), most).collect().await;
        let body = body.map_err(|_| "its answer is too long, or broke off".to_owned())?;
        String::from_utf8(body.to_bytes().to_vec()).map_err(|_| "its answer is no text".to_owned())
    };
    let mut asked = std::pin::pin!(asked);
    tokio::select! {
        answer = &mut asked => answer,
        // All of a short answer can be here before the connection's end is seen.
        _ = connection => asked.await,
    }
}
