//! A small reader of Python pickles: the opcodes that lists of tensors need, and no code is ever run.

use std::collections::BTreeMap;

use crate::packs::convert::error::ConvertError;

/// A state dictionary of a few hundred tensors takes about ten thousand values; this is room for far more.
const MAX_NODES: usize = 1 << 17;
const MAX_STACK: usize = 1 << 16;

/// The place of a value among a pickle's values. Values name each other by place, so that no
/// nesting, however deep, is walked recursively.
pub(super) type NodeId = usize;

/// The only names from Python that a pickle may mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    FloatStorage,
    LongStorage,
}

/// A value.
#[derive(Debug)]
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    Tuple(Vec<NodeId>),
    List(Vec<NodeId>),
    Dict(Vec<(NodeId, NodeId)>),
    Global(Global),
    /// Something kept outside the pickle, described by the tuple named here.
    Outside(NodeId),
    /// A tensor, described by the arguments tuple named here.
    Tensor(NodeId),
}

/// A pickle that has been read.
#[derive(Debug)]
pub(super) struct Pickle {
    nodes: Vec<Node>,
    root: NodeId,
    /// The first byte behind it.
    pub(super) end: usize,
}

impl Pickle {
    /// Reads the pickle that starts at byte `at`.
    pub(super) fn read(bytes: &[u8], at: usize) -> Result<Self, ConvertError> {
        let mut machine = Machine {
            bytes,
            at,
            nodes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
        };
        while machine.step()? {}
        let root = machine.pop()?;
        Ok(Self {
            nodes: machine.nodes,
            root,
            end: machine.at,
        })
    }

    pub(super) fn root(&self) -> &Node {
        self.node(self.root)
    }

    /// The value at a place that another value of this pickle names.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id).unwrap_or(&Node::None)
    }

    pub(super) fn text(&self, id: NodeId) -> Option<&str> {
        let Node::Text(text) = self.node(id) else {
            return None;
        };
        Some(text)
    }

    pub(super) fn tuple(&self, id: NodeId) -> Option<&[NodeId]> {
        let Node::Tuple(items) = self.node(id) else {
            return None;
        };
        Some(items)
    }

    /// An integer that may count something.
    pub(super) fn size(&self, id: NodeId) -> Option<usize> {
        let Node::Int(value) = self.node(id) else {
            return None;
        };
        usize::try_from(*value).ok()
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    stack: Vec<NodeId>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, NodeId>,
}

impl<'a> Machine<'a> {
    /// Runs one opcode; false at the end of the pickle.
    fn step(&mut self) -> Result<bool, ConvertError> {
        match self.u8()? {
            b'.' => return Ok(false),
            0x80 => self.protocol()?,
            b'(' => self.mark()?,
            b'N' => self.push_node(Node::None)?,
            0x88 => self.push_node(Node::Bool(true))?,
            0x89 => self.push_node(Node::Bool(false))?,
            b'K' => {
                let value = self.u8()?;
                self.push_node(Node::Int(i64::from(value)))?;
            }
            b'M' => {
                let value = u16::from_le_bytes(self.array()?);
                self.push_node(Node::Int(i64::from(value)))?;
            }
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.push_node(Node::Int(i64::from(value)))?;
            }
            0x8a => self.long()?,
            b'X' => self.text()?,
            b'c' => self.global()?,
            opcode @ (b')' | 0x85..=0x87 | b't') => self.tuple(opcode)?,
            b']' => self.push_node(Node::List(Vec::new()))?,
            b'}' => self.push_node(Node::Dict(Vec::new()))?,
            opcode @ (b'a' | b'e') => self.append(opcode)?,
            opcode @ (b's' | b'u') => self.set_items(opcode)?,
            opcode @ (b'q' | b'r' | b'h' | b'j') => self.memo(opcode)?,
            b'Q' => {
                let description = self.pop()?;
                self.push_node(Node::Outside(description))?;
            }
            b'R' => self.reduce()?,
            b'b' => self.build()?,
            opcode => {
                return Err(ConvertError::Unsupported {
                    what: format!("the pickle opcode {opcode:#04x}"),
                });
            }
        }
        Ok(true)
    }

    fn protocol(&mut self) -> Result<(), ConvertError> {
        match self.u8()? {
            2 => Ok(()),
            other => Err(ConvertError::Unsupported {
                what: format!("version {other} of the pickle protocol"),
            }),
        }
    }

    fn long(&mut self) -> Result<(), ConvertError> {
        let length = usize::from(self.u8()?);
        let digits = self.take(length)?;
        if length > 8 {
            return Err(self.malformed("an integer is wider than 64 bits"));
        }
        let negative = digits.last().is_some_and(|last| last & 0x80 != 0);
        let mut wide = if negative { [0xff; 8] } else { [0; 8] };
        for (to, from) in wide.iter_mut().zip(digits) {
            *to = *from;
        }
        self.push_node(Node::Int(i64::from_le_bytes(wide)))
    }

    fn text(&mut self) -> Result<(), ConvertError> {
        let length = u32::from_le_bytes(self.array()?);
        let bytes = self.take(length as usize)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| self.malformed("a text is not UTF-8"))?
            .to_owned();
        self.push_node(Node::Text(text))
    }

    fn global(&mut self) -> Result<(), ConvertError> {
        let module = self.line()?;
        let name = self.line()?;
        let global = match (module, name) {
            (b"collections", b"OrderedDict") => Global::OrderedDict,
            (b"torch._utils", b"_rebuild_tensor_v2") => Global::RebuildTensor,
            (b"torch", b"FloatStorage") => Global::FloatStorage,
            (b"torch", b"LongStorage") => Global::LongStorage,
            _ => {
                return Err(ConvertError::Unsupported {
                    what: "a pickle that names anything but tensors".to_owned(),
                });
            }
        };
        self.push_node(Node::Global(global))
    }

    fn tuple(&mut self, opcode: u8) -> Result<(), ConvertError> {
        let items = match opcode {
            b')' => Vec::new(),
            b't' => self.pop_to_mark()?,
            counted => {
                let count = usize::from(counted - 0x84);
                let floor = self.floor();
                let start = self
                    .stack
                    .len()
                    .checked_sub(count)
                    .filter(|start| *start >= floor)
                    .ok_or_else(|| self.malformed("a value is missing from the stack"))?;
                self.stack.split_off(start)
            }
        };
        self.push_node(Node::Tuple(items))
    }

    fn append(&mut self, opcode: u8) -> Result<(), ConvertError> {
        let added = match opcode {
            b'a' => vec![self.pop()?],
            _ => self.pop_to_mark()?,
        };
        let Node::List(items) = self.top()? else {
            return Err(self.malformed("something is appended to what is no list"));
        };
        items.extend(added);
        Ok(())
    }

    fn set_items(&mut self, opcode: u8) -> Result<(), ConvertError> {
        let added = match opcode {
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.pop_to_mark()?,
        };
        if added.len() % 2 != 0 {
            return Err(self.malformed("a key has no value"));
        }
        let Node::Dict(entries) = self.top()? else {
            return Err(self.malformed("an entry is set in what is no dictionary"));
        };
        entries.extend(added.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        Ok(())
    }

    fn memo(&mut self, opcode: u8) -> Result<(), ConvertError> {
        let slot = match opcode {
            b'q' | b'h' => u32::from(self.u8()?),
            _ => u32::from_le_bytes(self.array()?),
        };
        if matches!(opcode, b'q' | b'r') {
            let id = self.top_id()?;
            self.memo.insert(slot, id);
            return Ok(());
        }
        let id = self.memo.get(&slot).copied();
        let id = id.ok_or_else(|| self.malformed("an empty memo slot is read"))?;
        self.push(id)
    }

    fn reduce(&mut self) -> Result<(), ConvertError> {
        let arguments = self.pop()?;
        let callable = self.pop()?;
        let Some(Node::Tuple(items)) = self.nodes.get(arguments) else {
            return Err(self.malformed("the arguments of a call are no tuple"));
        };
        let made = match self.nodes.get(callable) {
            Some(Node::Global(Global::OrderedDict)) if items.is_empty() => Node::Dict(Vec::new()),
            Some(Node::Global(Global::RebuildTensor)) => Node::Tensor(arguments),
            _ => {
                return Err(ConvertError::Unsupported {
                    what: "a pickle that calls anything but the making of tensors".to_owned(),
                });
            }
        };
        self.push_node(made)
    }

    /// The attributes that a state dictionary carries beside its tensors are of no use here.
    fn build(&mut self) -> Result<(), ConvertError> {
        self.pop()?;
        let Node::Dict(_) = self.top()? else {
            return Err(self.malformed("attributes are set on what is no dictionary"));
        };
        Ok(())
    }

    fn mark(&mut self) -> Result<(), ConvertError> {
        if self.marks.len() >= MAX_STACK {
            return Err(self.too_large("a deeper stack"));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn push_node(&mut self, node: Node) -> Result<(), ConvertError> {
        if self.nodes.len() >= MAX_NODES {
            return Err(self.too_large("more values"));
        }
        self.nodes.push(node);
        self.push(self.nodes.len() - 1)
    }

    fn push(&mut self, id: NodeId) -> Result<(), ConvertError> {
        if self.stack.len() >= MAX_STACK {
            return Err(self.too_large("a deeper stack"));
        }
        self.stack.push(id);
        Ok(())
    }

    /// What lies below the latest mark belongs to an outer value.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top_id(&self) -> Result<NodeId, ConvertError> {
        self.stack
            .get(self.floor()..)
            .and_then(<[NodeId]>::last)
            .copied()
            .ok_or_else(|| self.malformed("a value is missing from the stack"))
    }

    fn top(&mut self) -> Result<&mut Node, ConvertError> {
        let id = self.top_id()?;
        let at = self.at;
        self.nodes.get_mut(id).ok_or(ConvertError::Malformed {
            at,
            reason: "a value is missing from the stack",
        })
    }

    fn pop(&mut self) -> Result<NodeId, ConvertError> {
        let id = self.top_id()?;
        self.stack.pop();
        Ok(id)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<NodeId>, ConvertError> {
        let mark = self.marks.pop();
        let mark = mark.ok_or_else(|| self.malformed("a mark is missing from the stack"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn u8(&mut self) -> Result<u8, ConvertError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ConvertError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ConvertError> {
        let taken = self
            .at
            .checked_add(length)
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or(ConvertError::Truncated {
                at: self.bytes.len(),
            })?;
        self.at += length;
        Ok(taken)
    }

    fn line(&mut self) -> Result<&'a [u8], ConvertError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length =
            rest.iter()
                .position(|byte| *byte == b'\n')
                .ok_or(ConvertError::Truncated {
                    at: self.bytes.len(),
                })?;
        self.at += length + 1;
        Ok(&rest[..length])
    }

    fn malformed(&self, reason: &'static str) -> ConvertError {
        ConvertError::Malformed {
            at: self.at,
            reason,
        }
    }

    fn too_large(&self, what: &'static str) -> ConvertError {
        ConvertError::TooLarge { at: self.at, what }
    }
}
