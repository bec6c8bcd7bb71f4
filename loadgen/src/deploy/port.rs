//! Ports for the nodes: free ones on loopback, outside the range from which the system takes ports for outgoing connections.
use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Where the nodes' ports lie. Linux gives 32768 and up to outgoing connections, which would collide under load.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Listens on the first free port at or after `start`, going round once.
///
/// # Errors
/// When no port of the range can be listened on; the error is that of the last one.
pub(super) fn listen_from(start: u16) -> io::Result<TcpListener> {
    let first = start.clamp(RANGE.start, RANGE.end - 1);
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for port in (first..RANGE.end).chain(RANGE.start..first) {
        match listen_on(port) {
            Ok(listener) => return Ok(listener),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// Listens on exactly this port.
pub(super) fn listen_on(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// Where to begin to look: agents that run side by side begin apart.
pub(super) fn starting_point(salt: u32) -> u16 {
    RANGE.start + (salt.wrapping_mul(101) % u32::from(RANGE.end - RANGE.start)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let first = listen_from(starting_point(std::process::id())).unwrap();
        let taken = first.local_addr().unwrap().port();
        let second = listen_from(taken).unwrap();
        assert_ne!(second.local_addr().unwrap().port(), taken);
        assert!(RANGE.contains(&second.local_addr().unwrap().port()));
    }
}
