//! A network that can be cut: a proxy between a replica and the database.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards connections until the runtime of the test ends.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    network: watch::Sender<Network>,
}

#[derive(Clone, Copy, Default)]
struct Network {
    /// Then nothing gets through, and nobody is told.
    is_cut: bool,
    /// How often it came back. What was connected before is broken then.
    times_restored: u32,
}

impl Proxy {
    /// Listens in front of `target`, `HOST:PORT`.
    pub(crate) async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let network = watch::Sender::new(Network::default());
        let states = network.subscribe();
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.expect("a connection");
                tokio::spawn(connect(near, target.clone(), states.clone()));
            }
        });
        Self { address, network }
    }

    /// Holds back all bytes and new connections, and closes nothing.
    pub(crate) fn cut(&self) {
        self.network.send_modify(|network| network.is_cut = true);
    }

    /// Breaks what is connected, and forwards what connects from now on.
    pub(crate) fn restore(&self) {
        self.network.send_modify(|network| {
            network.is_cut = false;
            network.times_restored += 1;
        });
    }
}

async fn connect(near: TcpStream, target: String, mut network: watch::Receiver<Network>) {
    let begun = network.borrow_and_update().times_restored;
    let mut forwarding = network.clone();
    let forwarded = async {
        until_whole(&mut forwarding).await;
        let far = TcpStream::connect(target).await?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let (from_near, to_near) = near.into_split();
        let (from_far, to_far) = far.into_split();
        tokio::select! {
            ended = forward(from_near, to_far, forwarding.clone()) => ended,
            ended = forward(from_far, to_near, forwarding.clone()) => ended,
        }
    };
    tokio::select! {
        // Both sides learn of its end, which is all there is to say.
        _ = forwarded => {}
        _ = network.wait_for(|network| network.times_restored > begun) => {}
    }
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut network: watch::Receiver<Network>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        until_whole(&mut network).await;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

async fn until_whole(network: &mut watch::Receiver<Network>) {
    let whole = network.wait_for(|network| !network.is_cut).await;
    whole.expect("the test goes on");
}
