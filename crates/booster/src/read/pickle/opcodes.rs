//! Walks a pickle's opcodes before it is read, and lets through only what a pickled Booster is made of.
//!
//! A pickle is a program. The reader after this runs none of it, but a hostile one could still make it clone values
//! without end, nest them deeper than the stack, or hold back memory for each of a million marks.

use std::collections::BTreeMap;

use crate::error::{BoosterError, Cause};
use crate::format::Format;

/// What the first global of a pickled Booster is.
const BOOSTER: &str = "xgboost.core.Booster";

/// Marks open at once; a Booster's state needs three.
const MOST_MARKS: usize = 16;
/// Opcodes that wrap values into another one; pickle adds a thousand names to a list with each.
const MOST_WRAPS: usize = 512;
/// The longest string that a pickle may repeat by reference.
const LONGEST_REPEATED: usize = 1024;

/// Checks that the bytes pickle a Booster and nothing dangerous.
pub(crate) fn check(bytes: &[u8]) -> Result<(), BoosterError> {
    let mut walk = Walk { bytes, ..Walk::default() };
    let result = walk.run();
    match walk.first_global {
        Some(holds) if holds != BOOSTER => Err(BoosterError::NotABooster { holds }),
        None if result.is_ok() => Err(BoosterError::NotABooster { holds: "plain values".to_owned() }),
        _ => result.map_err(|cause| BoosterError::damaged(Format::Pickle, cause)),
    }
}

#[derive(Default)]
struct Walk<'a> {
    bytes: &'a [u8],
    position: usize,
    first_global: Option<String>,
    /// The last two strings, which name a global in protocol 4.
    strings: [&'a str; 2],
    marks: usize,
    wraps: usize,
    /// Whether the last value may be repeated.
    repeatable: bool,
    memo: BTreeMap<u32, bool>,
}

impl<'a> Walk<'a> {
    fn run(&mut self) -> Result<(), Cause> {
        loop {
            let [opcode] = self.array()?;
            if opcode == b'.' {
                return Ok(());
            }
            self.step(opcode)?;
        }
    }

    fn step(&mut self, opcode: u8) -> Result<(), Cause> {
        match opcode {
            // PROTO, FRAME
            0x80 => self.skip(1),
            0x95 => self.skip(8),
            // BININT, BININT1, BININT2, LONG1, BINFLOAT, NONE, NEWTRUE, NEWFALSE
            b'J' => self.scalar(4),
            b'K' => self.scalar(1),
            b'M' => self.scalar(2),
            0x8a => {
                let [length] = self.array()?;
                self.scalar(usize::from(length))
            }
            b'G' => self.scalar(8),
            b'N' | 0x88 | 0x89 => self.scalar(0),
            // SHORT_BINUNICODE, BINUNICODE, BINUNICODE8
            0x8c | b'X' | 0x8d => {
                let content = self.prefixed(opcode)?;
                self.strings = [self.strings[1], std::str::from_utf8(content)?];
                Ok(())
            }
            // SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8
            b'C' | b'B' | 0x8e | 0x96 => self.prefixed(opcode).map(drop),
            // EMPTY_DICT, EMPTY_LIST, EMPTY_TUPLE
            b'}' | b']' | b')' => self.value(false),
            // MARK
            b'(' => self.mark(),
            // TUPLE, APPENDS, SETITEMS, each up to a mark
            b't' | b'e' | b'u' => {
                self.marks = self.marks.checked_sub(1).ok_or("a mark is missing")?;
                self.wrap()
            }
            // TUPLE1, TUPLE2, TUPLE3, APPEND, SETITEM, REDUCE, NEWOBJ, BUILD
            0x85 | 0x86 | 0x87 | b'a' | b's' | b'R' | 0x81 | b'b' => self.wrap(),
            b'c' => self.global(),
            // STACK_GLOBAL
            0x93 => {
                let [module, name] = self.strings;
                self.named(module, name)
            }
            // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.memo(opcode),
            other => Err(format!("opcode 0x{other:02x} at byte {}, which no Booster needs", self.position - 1).into()),
        }
    }

    fn memo(&mut self, opcode: u8) -> Result<(), Cause> {
        let id = match opcode {
            b'q' | b'h' => u32::from(self.array::<1>()?[0]),
            b'r' | b'j' => u32::from_le_bytes(self.array()?),
            _ => u32::try_from(self.memo.len())?,
        };
        if opcode != b'h' && opcode != b'j' {
            self.memo.insert(id, self.repeatable);
            return Ok(());
        }
        match self.memo.get(&id) {
            Some(true) => Ok(()),
            _ => Err(format!("a reference at byte {} to more than a short string", self.position).into()),
        }
    }

    /// GLOBAL: two lines.
    fn global(&mut self) -> Result<(), Cause> {
        let (module, name) = (self.line()?, self.line()?);
        self.named(module, name)
    }

    fn named(&mut self, module: &str, name: &str) -> Result<(), Cause> {
        self.first_global.get_or_insert_with(|| format!("{module}.{name}"));
        self.value(true)
    }

    fn mark(&mut self) -> Result<(), Cause> {
        self.marks += 1;
        if self.marks > MOST_MARKS { Err("values nested too deeply".into()) } else { Ok(()) }
    }

    fn wrap(&mut self) -> Result<(), Cause> {
        self.wraps += 1;
        if self.wraps > MOST_WRAPS { Err("too many nested values".into()) } else { self.value(false) }
    }

    fn value(&mut self, repeatable: bool) -> Result<(), Cause> {
        self.repeatable = repeatable;
        Ok(())
    }

    fn scalar(&mut self, width: usize) -> Result<(), Cause> {
        self.skip(width)?;
        self.value(true)
    }

    fn prefixed(&mut self, opcode: u8) -> Result<&'a [u8], Cause> {
        let length = match opcode {
            0x8c | b'C' => u64::from(self.array::<1>()?[0]),
            b'X' | b'B' => u64::from(u32::from_le_bytes(self.array()?)),
            _ => u64::from_le_bytes(self.array()?),
        };
        let length = usize::try_from(length)?;
        self.repeatable = length <= LONGEST_REPEATED;
        self.take(length)
    }

    fn line(&mut self) -> Result<&'a str, Cause> {
        let rest = &self.bytes[self.position..];
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or("the file ends too early")?;
        self.position += length + 1;
        Ok(std::str::from_utf8(&rest[..length])?)
    }

    fn skip(&mut self, length: usize) -> Result<(), Cause> {
        self.take(length).map(drop)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Cause> {
        let rest = &self.bytes[self.position..];
        let taken = rest.get(..length).ok_or("the file ends too early")?;
        self.position += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Cause> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::error::BoosterError;

    fn holds(pickle: &[u8]) -> String {
        match check(pickle) {
            Err(BoosterError::NotABooster { holds }) => holds,
            other => panic!("{other:?}"),
        }
    }

    fn damage(pickle: &[u8]) -> String {
        match check(pickle) {
            Err(BoosterError::Damaged { source, .. }) => source.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// The head of a pickled Booster, protocol 3.
    const HEAD: &[u8] = b"\x80\x03cxgboost.core\nBooster\nq\x00)\x81q\x01}q\x02";

    fn booster(rest: &[u8]) -> Vec<u8> {
        [HEAD, rest].concat()
    }

    #[test]
    fn a_call_of_os_system_is_named_and_refused() {
        // pickle.dumps of an object whose __reduce__ is (os.system, ("id",)), protocols 3 and 4.
        assert_eq!(holds(b"\x80\x03cposix\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03."), "posix.system");
        let protocol_4 =
            b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.";
        assert_eq!(holds(protocol_4), "posix.system");
    }

    #[test]
    fn other_objects_are_named() {
        assert_eq!(holds(b"\x80\x03cxgboost.sklearn\nXGBRegressor\n)\x81."), "xgboost.sklearn.XGBRegressor");
        assert_eq!(holds(b"\x80\x04K\x01."), "plain values");
    }

    #[test]
    fn what_makes_a_reader_use_up_memory_is_refused() {
        assert!(damage(&booster(&[b'('; 1000])).contains("nested too deeply"));
        assert!(damage(&booster(&[0x85; 1000])).contains("too many nested values"));
        assert!(damage(&booster(b"h\x02")).contains("more than a short string"), "a dict by reference");
        assert!(damage(&booster(b"2")).contains("0x32"), "DUP copies a value");
        assert!(damage(&booster(b"B\xff\xff\xff\xff")).contains("ends too early"));
        assert!(damage(&booster(b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff")).contains("ends too early"));
        assert!(damage(HEAD).contains("ends too early"));
    }
}
