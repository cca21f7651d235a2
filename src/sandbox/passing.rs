//! An order with the open file that it is about: the descriptor travels beside the bytes.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read as _};
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use crate::sandbox::orders::Order;
use crate::sandbox::protocol::{Body, HEADER, Limits, Message, ProtocolError, read_rest, written};

/// An order carries no pixels.
const NO_PIXELS: Limits = Limits { max_pixels: 0 };

/// Hands an order and its file to the process at the other end.
pub(super) fn hand(mut channel: &UnixStream, order: Order, file: &File) -> io::Result<()> {
    let body = Body::Order(order);
    let (bytes, _) = written(&body)?;
    let descriptors = [file.as_fd()];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !beside.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    let sent = sendmsg(
        channel,
        &[IoSlice::new(&bytes)],
        &mut beside,
        SendFlags::NOSIGNAL,
    )?;
    io::Write::write_all(&mut channel, &bytes[sent..])
}

/// Takes an order and its file; `None` when the other end is gone.
pub(super) fn take(mut channel: &UnixStream) -> Result<Option<(Order, File)>, ProtocolError> {
    let mut header = [0; HEADER];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        channel,
        &mut [IoSliceMut::new(&mut header)],
        &mut beside,
        RecvFlags::CMSG_CLOEXEC,
    )
    .map_err(io::Error::from)?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let mut file = None;
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(mut descriptors) = message {
            file = descriptors.next().map(File::from);
        }
    }
    channel.read_exact(&mut header[received.bytes..])?;
    match (read_rest(header, &mut channel, NO_PIXELS)?, file) {
        (Message(Body::Order(order)), Some(file)) => Ok(Some((order, file))),
        _ => Err(ProtocolError::Nonsense("it is no order with a file")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;

    #[test]
    fn an_order_arrives_with_its_file() {
        let (service, process) = UnixStream::pair().unwrap();
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"bytes of a file", 0).unwrap();
        let order = Order::CheckPicture { max_pixels: 5 };
        hand(&service, order, &file).unwrap();
        drop(file);
        let (taken, file) = take(&process).unwrap().unwrap();
        assert_eq!(taken, order);
        let mut bytes = [0; 15];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"bytes of a file");
        drop(service);
        assert!(take(&process).unwrap().is_none());
    }
}
