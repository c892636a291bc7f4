use std::net::{SocketAddr, TcpListener, UdpSocket};

use anyhow::{Result, bail};

use crate::config::Env;

/// Which port a part listens on: the one that was asked for, or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// This one and no other, because somebody was told.
    Exactly(u16),
    /// The first that is free from here on, because nobody needs to know.
    From(u16),
    /// Any that the system gives.
    Any,
}

/// How a port is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// For connections.
    Tcp,
    /// For datagrams.
    Udp,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }

    fn try_bind(self, port: u16) -> Option<u16> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let bound = match self {
            Self::Tcp => TcpListener::bind(address).and_then(|listener| listener.local_addr()),
            Self::Udp => UdpSocket::bind(address).and_then(|socket| socket.local_addr()),
        };
        bound.ok().map(|address| address.port())
    }
}

/// Reads a port from a variable: a number, or `free` (or 0) for any.
///
/// # Errors
/// When it is neither.
pub fn wish(env: &Env, variable: &str, unset: Wish) -> Result<Wish> {
    let Some(text) = env.get(variable) else {
        return Ok(unset);
    };
    parse(text).ok_or_else(|| {
        anyhow::anyhow!(
            "{variable} is {text:?}; it must be a port, or `free` for any that is free."
        )
    })
}

fn parse(text: &str) -> Option<Wish> {
    match text.rsplit(':').next()? {
        "free" | "0" => Some(Wish::Any),
        number => number.parse().ok().map(Wish::Exactly),
    }
}

/// Reads an address such as `127.0.0.1:8000`; its port may be `free`.
///
/// # Errors
/// When it cannot be read.
pub fn address_wish(env: &Env, variable: &str, port: u16) -> Result<(String, Wish)> {
    let host = match env.get(variable) {
        Some(text) => text.rsplit_once(':').map_or("127.0.0.1", |(host, _)| host),
        None => "127.0.0.1",
    };
    Ok((host.to_owned(), wish(env, variable, Wish::Exactly(port))?))
}

/// Finds a port to the wish.
///
/// # Errors
/// When it is taken: with a sentence that says who needs it and how to choose another.
pub fn find(wish: Wish, kind: Kind, what: &str, variable: &str) -> Result<u16> {
    let found = match wish {
        Wish::Exactly(port) => kind.try_bind(port),
        Wish::From(first) => {
            (first..first.saturating_add(200)).find_map(|port| kind.try_bind(port))
        }
        Wish::Any => kind.try_bind(0),
    };
    match (found, wish) {
        (Some(port), _) => Ok(port),
        (None, Wish::Exactly(port)) => bail!(
            "{} port {port} is taken, and {what} needs it. Stop what uses it (`ss -lpn 'sport = :{port}'` \
             names it; another `make run` perhaps), or choose another: set {variable}.",
            kind.name()
        ),
        (None, _) => bail!(
            "No {} port is free for {what}. Set {variable}.",
            kind.name()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_who_needs_it_and_what_to_set() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let refused =
            find(Wish::Exactly(port), Kind::Tcp, "the API", "AVAAZ_HTTP_ADDR").unwrap_err();
        let sentence = refused.to_string();
        assert!(
            sentence.contains(&format!("TCP port {port} is taken, and the API needs it")),
            "{sentence}"
        );
        assert!(sentence.contains("set AVAAZ_HTTP_ADDR"), "{sentence}");
    }

    #[test]
    fn the_next_free_port_is_taken_when_nobody_needs_to_know() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let found = find(Wish::From(port), Kind::Udp, "media", "X").unwrap();
        assert!(found > port);
    }

    #[test]
    fn a_port_is_read_alone_or_at_the_end_of_an_address() {
        let env = Env::of([
            ("A", "127.0.0.1:8000"),
            ("B", "free"),
            ("C", "7880"),
            ("D", "soon"),
        ]);
        assert_eq!(wish(&env, "A", Wish::Any).unwrap(), Wish::Exactly(8000));
        assert_eq!(wish(&env, "B", Wish::Exactly(1)).unwrap(), Wish::Any);
        assert_eq!(wish(&env, "C", Wish::Any).unwrap(), Wish::Exactly(7880));
        assert_eq!(
            wish(&env, "missing", Wish::From(5432)).unwrap(),
            Wish::From(5432)
        );
        assert!(
            wish(&env, "D", Wish::Any)
                .unwrap_err()
                .to_string()
                .contains("must be a port")
        );
        assert_eq!(
            address_wish(&Env::of([("A", "0.0.0.0:free")]), "A", 80).unwrap(),
            ("0.0.0.0".to_owned(), Wish::Any)
        );
    }
}
