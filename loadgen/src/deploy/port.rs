//! Ports for the nodes: on loopback, outside the range from which the system takes ports for outgoing connections.
//!
//! An instance that comes back has the port that it had before, and an engine opens its port by itself, a moment after it was
//! chosen. In between the port belongs to nobody that the system knows of. So whoever gives out ports holds whole blocks of them:
//! a socket is bound to the first port of a block, and listens to nothing, for as long as the block is held, and the others are then
//! given out by one alone.
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::time::Duration;
use tokio::net::TcpSocket;

/// Where the nodes' ports lie. Linux gives 32768 and up to outgoing connections, which would collide under load.
const RANGE: Range<u16> = 20_000..32_000;
/// How many ports are held at once.
const BLOCK: u16 = 100;
/// How often a port is tried that may still be taken by the process that is known to have ended, and how long each time is waited.
const TRIES: u32 = 500;
const AGAIN: Duration = Duration::from_millis(10);

/// The ports that one supervisor gives out.
pub(super) struct Ports {
    /// Which block is tried first, counted from the start of the range: those that run side by side begin apart.
    next_block: u16,
    /// What is bound to the first ports of the blocks that are held.
    held: Vec<TcpSocket>,
    /// What is left of the newest block.
    left: Range<u16>,
}

impl Ports {
    /// None is held yet.
    pub(super) fn new(salt: u32) -> Self {
        let blocks = u32::from((RANGE.end - RANGE.start) / BLOCK);
        Self { next_block: (salt % blocks) as u16, held: Vec::new(), left: 0..0 }
    }

    /// Listens on a port that was not given out before.
    ///
    /// # Errors
    /// When no port of the range can be listened on; the error is that of the last one.
    pub(super) fn listen(&mut self) -> io::Result<TcpListener> {
        loop {
            for port in self.left.by_ref() {
                // One that a stranger has is passed over.
                if let Ok(listener) = listen_on(port) {
                    return Ok(listener);
                }
            }
            self.hold_another()?;
        }
    }

    fn hold_another(&mut self) -> io::Result<()> {
        let blocks = (RANGE.end - RANGE.start) / BLOCK;
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..blocks {
            let first = RANGE.start + self.next_block * BLOCK;
            self.next_block = (self.next_block + 1) % blocks;
            match hold(first) {
                Ok(socket) => {
                    self.held.push(socket);
                    self.left = first + 1..first + BLOCK;
                    return Ok(());
                }
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }
}

/// Listens on exactly this port, which was given out before. A process that was killed has ended a moment before the system has
/// closed what it and its children had open: that is waited for.
pub(super) async fn listen_again(port: u16) -> io::Result<TcpListener> {
    for _ in 1..TRIES {
        match listen_on(port) {
            Err(fault) if fault.kind() == io::ErrorKind::AddrInUse => tokio::time::sleep(AGAIN).await,
            done => return done,
        }
    }
    listen_on(port)
}

/// Binds a socket of its own to a port, which nobody else can then listen on.
fn hold(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}

fn listen_on(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port_of(listener: &TcpListener) -> u16 {
        listener.local_addr().unwrap().port()
    }

    #[test]
    fn two_that_begin_at_the_same_place_never_give_out_the_same_port() {
        let salt = std::process::id();
        let (mut ours, mut theirs) = (Ports::new(salt), Ports::new(salt));
        // Each is closed at once, as one is that an engine is to open by itself.
        let mut given: Vec<u16> = (0..150).map(|_| port_of(&ours.listen().unwrap())).collect();
        given.extend((0..150).map(|_| port_of(&theirs.listen().unwrap())));
        assert!(given.iter().all(|port| RANGE.contains(port)), "{given:?}");
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), 300);
    }

    #[test]
    fn a_taken_port_is_passed_over() {
        let mut ports = Ports::new(std::process::id() + 7);
        let first = port_of(&ports.listen().unwrap());
        let _stranger = listen_on(first + 1).unwrap();
        assert!(port_of(&ports.listen().unwrap()) > first + 1);
    }

    #[tokio::test]
    async fn a_port_that_is_just_being_closed_is_waited_for() {
        let mut ports = Ports::new(std::process::id() + 14);
        let listener = ports.listen().unwrap();
        let port = port_of(&listener);
        let (again, ()) = tokio::join!(listen_again(port), async {
            tokio::time::sleep(3 * AGAIN).await;
            drop(listener);
        });
        assert_eq!(port_of(&again.unwrap()), port);
    }
}
