//! The TCP stream below a socket, which can break in the middle of a frame, fall silent, and be slow with its pongs.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};

/// Of a WebSocket frame.
const OPCODE: u8 = 0x0f;
const PONG: u8 = 0x0a;
const LENGTH: u8 = 0x7f;

/// Makes one stream misbehave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wire(Arc<Wishes>);

#[derive(Debug, Default)]
struct Wishes {
    breaks: AtomicBool,
    is_silent: AtomicBool,
    pong_delay_ms: AtomicU64,
}

impl Wire {
    /// Lets the stream break in the middle of what is written next.
    pub(crate) fn break_in_next_frame(&self) {
        self.0.breaks.store(true, Ordering::Relaxed);
    }

    /// Lets nothing through any more.
    pub(crate) fn silence(&self) {
        self.0.is_silent.store(true, Ordering::Relaxed);
    }

    /// Holds pongs back for so long. Only to be asked for between frames.
    pub(crate) fn delay_pongs(&self, delay_ms: u64) {
        self.0.pong_delay_ms.store(delay_ms, Ordering::Relaxed);
    }
}

/// Accepts streams that can misbehave.
#[derive(Debug)]
pub(crate) struct FaultyListener(pub(crate) TcpListener);

impl Listener for FaultyListener {
    type Io = FaultyStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, addr) = Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "small frames may wait");
        }
        (FaultyStream::new(stream), addr)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, FaultyListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        stream.io().wire.clone()
    }
}

/// A stream that can misbehave.
#[derive(Debug)]
pub(crate) struct FaultyStream {
    inner: TcpStream,
    wire: Wire,
    /// How much of the frame that is being written is still to come; known since pongs are held back.
    rest_of_frame: u64,
    held_pongs: VecDeque<(Instant, Vec<u8>)>,
    next_pong: Option<Pin<Box<Sleep>>>,
}

impl FaultyStream {
    fn new(inner: TcpStream) -> Self {
        Self {
            inner,
            wire: Wire::default(),
            rest_of_frame: 0,
            held_pongs: VecDeque::new(),
            next_pong: None,
        }
    }

    fn write_while_holding_pongs(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        delay_ms: u64,
    ) -> Poll<io::Result<usize>> {
        if self.rest_of_frame == 0 {
            let length = frame_length(bytes);
            if bytes.first().is_some_and(|first| first & OPCODE == PONG)
                && bytes.len() as u64 >= length
            {
                let pong = bytes[..length as usize].to_vec();
                let due_at = Instant::now() + Duration::from_millis(delay_ms);
                self.held_pongs.push_back((due_at, pong));
                self.release_pongs(cx);
                return Poll::Ready(Ok(length as usize));
            }
            self.rest_of_frame = length;
        }
        let end =
            usize::try_from(self.rest_of_frame).map_or(bytes.len(), |rest| rest.min(bytes.len()));
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &bytes[..end]))?;
        self.rest_of_frame -= written as u64;
        Poll::Ready(Ok(written))
    }

    /// Writes the pongs whose time has come, and wakes the task when the next one's has.
    fn release_pongs(&mut self, cx: &mut Context<'_>) {
        while self.rest_of_frame == 0
            && let Some((due_at, pong)) = self.held_pongs.front()
        {
            if *due_at > Instant::now() {
                let mut sleep = Box::pin(tokio::time::sleep_until(*due_at));
                if sleep.as_mut().poll(cx).is_pending() {
                    self.next_pong = Some(sleep);
                    return;
                }
            }
            // A pong has a few bytes: they fit, or the connection is in trouble anyway.
            let _ = self.inner.try_write(pong);
            self.held_pongs.pop_front();
        }
    }
}

/// Returns the length of the unmasked frame that begins here, header included.
fn frame_length(bytes: &[u8]) -> u64 {
    let short = bytes.get(1).map_or(0, |byte| byte & LENGTH);
    let extended = |from: usize, to: usize| {
        let digits = bytes.get(from..to).unwrap_or_default();
        digits
            .iter()
            .fold(0_u64, |length, byte| (length << 8) | u64::from(*byte))
    };
    match short {
        126 => 4 + extended(2, 4),
        127 => 10 + extended(2, 10),
        short => 2 + u64::from(short),
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wishes = Arc::clone(&self.wire.0);
        if wishes.is_silent.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(bytes.len()));
        }
        if wishes.breaks.load(Ordering::Relaxed) {
            let half = &bytes[..bytes.len().div_ceil(2)];
            ready!(Pin::new(&mut self.inner).poll_write(cx, half))?;
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        match wishes.pong_delay_ms.load(Ordering::Relaxed) {
            0 => Pin::new(&mut self.inner).poll_write(cx, bytes),
            delay_ms => self.write_while_holding_pongs(cx, bytes, delay_ms),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl AsyncRead for FaultyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.held_pongs.is_empty() {
            self.release_pongs(cx);
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_frame_is_read_from_its_header() {
        assert_eq!(frame_length(&[0x8a, 4, 1, 2, 3, 4]), 6);
        assert_eq!(frame_length(&[0x82, 126, 1, 0]), 4 + 256);
        assert_eq!(
            frame_length(&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            10 + 65_536
        );
    }
}
