//! The connections: accepted here rather than by `axum::serve`, because a fault has to close one unanswered.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tower::ServiceExt;

/// For clients that open a connection and say nothing.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);
/// For answers that are under way when we are told to stop.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// In place of an answer: the connection is closed, which a client sees as a network error.
#[derive(Clone, Copy)]
pub(crate) struct HangUp;

impl IntoResponse for HangUp {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

impl IntoResponseParts for HangUp {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// Where the lab is on, connections are not kept alive: when one that was used before closes unanswered,
/// browsers send the request again by themselves, and a fault would pass unnoticed.
pub(crate) async fn until(
    stop: impl Future<Output = ()>,
    listener: TcpListener,
    router: Router,
    keep_alive: bool,
) {
    let connections = GracefulShutdown::new();
    let serve = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => serve(stream, router.clone(), keep_alive, &connections),
                // Out of file handles, say: there will be some again.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::select! {
        () = serve => {}
        () = stop => {}
    }
    // Whoever is slower than this loses the answer.
    let _ = timeout(LAST_ANSWERS_WITHIN, connections.shutdown()).await;
}

fn serve(stream: TcpStream, router: Router, keep_alive: bool, connections: &GracefulShutdown) {
    // Only latency is at stake.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let Ok(response) = router.oneshot(request).await;
            match response.extensions().get() {
                Some(HangUp) => Err(io::Error::from(ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .keep_alive(keep_alive)
        .serve_connection(TokioIo::new(stream), service);
    // A connection that fails is the client's affair.
    tokio::spawn(connections.watch(connection));
}

/// Listens for the signals from now on, so that one that comes early is not lost.
#[cfg(unix)]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(windows)]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        ctrl_c.recv().await;
    })
}
