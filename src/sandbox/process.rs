//! One decoding process, seen from the service: started, spoken to, and never left behind.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::bounds::Bounds;
use crate::sandbox::deaths::Ending;
use crate::sandbox::orders::Order;
use crate::sandbox::passing;
use crate::sandbox::protocol::{Body, Limits, Message, ProtocolError, read_message};
use crate::sandbox::walls::Standing;

/// The hidden command of this program by which it becomes a decoding process.
const COMMAND: &str = "decode-child";

/// A process; dropping it kills it and waits until it is gone.
pub(super) struct Process {
    child: Child,
    channel: UnixStream,
    walls: Option<Standing>,
}

impl Process {
    /// Starts the program anew with nothing of this process: no environment, no descriptor but its channel. The thread that
    /// calls this must outlive the process, which dies with it.
    pub(super) fn start(program: &Path, bounds: Bounds) -> io::Result<Self> {
        let (channel, its) = UnixStream::pair()?;
        let child = Command::new(program)
            .arg0("likeness-decoder")
            .arg(COMMAND)
            .args(["--parent", &std::process::id().to_string()])
            .args(["--memory-bytes", &bounds.memory_bytes.to_string()])
            .args(["--computing-seconds", &bounds.computing_seconds.to_string()])
            .env_clear()
            // Each arena of the C library takes address space of its own, whether it is used or not.
            .env("MALLOC_ARENA_MAX", "2")
            .current_dir("/")
            // Whoever interrupts the service from a terminal does not interrupt its children.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(its)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self {
            child,
            channel,
            walls: None,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its first word, unless it has come: which walls stand.
    pub(super) fn greet(&mut self, patience: Duration) -> Result<Standing, Ending> {
        if let Some(walls) = self.walls {
            return Ok(walls);
        }
        let mut patience = patience;
        match self.next(Limits { max_pixels: 0 }, &mut patience)? {
            Message(Body::Hello { walls }) => {
                let walls = Standing::from_bits(walls).ok_or_else(|| self.nonsense())?;
                self.walls = Some(walls);
                Ok(walls)
            }
            Message(_) => Err(self.nonsense()),
        }
    }

    /// Gives it its order.
    pub(super) fn hand(&mut self, order: Order, file: &File) -> Result<(), Ending> {
        passing::hand(&self.channel, order, file).map_err(|_| self.ended())
    }

    /// Its next message. What is waited for it is taken from the patience, and no other time.
    pub(super) fn next(
        &mut self,
        limits: Limits,
        patience: &mut Duration,
    ) -> Result<Message, Ending> {
        let mut source = Patient {
            channel: &self.channel,
            left: patience,
        };
        read_message(&mut source, &limits).map_err(|error| match error {
            ProtocolError::Nonsense(_) => self.nonsense(),
            ProtocolError::Channel(error) if error.kind() == ErrorKind::TimedOut => {
                self.kill();
                Ending::Overdue
            }
            ProtocolError::Channel(_) => self.ended(),
        })
    }

    /// Kills it for what it said.
    pub(super) fn nonsense(&mut self) -> Ending {
        self.kill();
        Ending::Nonsense
    }

    /// How it ended, now that its end of the channel is closed. That is among the last things that happen to a process that
    /// ends, so killing it changes nothing unless it only closed the channel.
    fn ended(&mut self) -> Ending {
        let _ = self.child.kill();
        match self.child.wait() {
            Ok(status) => match (status.signal(), status.code()) {
                (Some(number), _) => Ending::Signal { number },
                (None, code) => Ending::Exited {
                    code: code.unwrap_or(0),
                },
            },
            Err(_) => Ending::Exited { code: 0 },
        }
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads from a process as long as the patience lasts.
struct Patient<'a> {
    channel: &'a UnixStream,
    left: &'a mut Duration,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.channel.set_read_timeout(Some(*self.left))?;
        let started = Instant::now();
        let read = self.channel.read(buffer);
        *self.left = self.left.saturating_sub(started.elapsed());
        read.map_err(|error| {
            if error.kind() == ErrorKind::WouldBlock {
                ErrorKind::TimedOut.into()
            } else {
                error
            }
        })
    }
}
