//! Universal Binary JSON as XGBoost writes it: a serde `Deserializer` over a byte slice.
//!
//! Crates that read UBJSON exist, but none reads typed arrays (`[$d#L`), which hold every tree of a model, and none
//! bounds what a damaged length may allocate.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Deeper than any model: XGBoost nests seven levels.
const MAX_DEPTH: usize = 64;

/// Reads one value; what follows it is left alone, as XGBoost does.
pub(crate) fn from_slice<'de, T: de::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, UbjError> {
    let mut reader = Reader { bytes, position: 0, depth: 0 };
    T::deserialize(&mut reader).map_err(|error| {
        if error.position.is_some() { error } else { UbjError { position: Some(reader.position), ..error } }
    })
}

/// What is wrong, and at which byte.
#[derive(Debug)]
pub(crate) struct UbjError {
    what: String,
    position: Option<usize>,
}

impl fmt::Display for UbjError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(formatter, "{} at byte {position}", self.what),
            None => formatter.write_str(&self.what),
        }
    }
}

impl std::error::Error for UbjError {}

impl de::Error for UbjError {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self { what: what.to_string(), position: None }
    }
}

struct Reader<'de> {
    bytes: &'de [u8],
    position: usize,
    depth: usize,
}

impl<'de> Reader<'de> {
    fn error<T>(&self, what: impl Into<String>) -> Result<T, UbjError> {
        Err(UbjError { what: what.into(), position: Some(self.position) })
    }

    fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    fn peek(&self) -> Result<u8, UbjError> {
        match self.bytes.get(self.position) {
            Some(byte) => Ok(*byte),
            None => self.error("the file ends too early"),
        }
    }

    fn marker(&mut self) -> Result<u8, UbjError> {
        let marker = self.peek()?;
        self.position += 1;
        Ok(marker)
    }

    fn take(&mut self, length: usize) -> Result<&'de [u8], UbjError> {
        if length > self.remaining() {
            return self.error("the file ends too early");
        }
        let start = self.position;
        self.position += length;
        Ok(&self.bytes[start..self.position])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], UbjError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn integer(&mut self, marker: u8) -> Result<i64, UbjError> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' => i64::from(u8::from_be_bytes(self.array()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return self.error(format!("{:?} where an integer was expected", char::from(marker))),
        })
    }

    fn length(&mut self) -> Result<usize, UbjError> {
        let marker = self.marker()?;
        let length = self.integer(marker)?;
        match usize::try_from(length) {
            Ok(length) => Ok(length),
            Err(_) => self.error("a negative length"),
        }
    }

    fn string(&mut self) -> Result<&'de str, UbjError> {
        let length = self.length()?;
        match std::str::from_utf8(self.take(length)?) {
            Ok(string) => Ok(string),
            Err(_) => self.error("a string that is not UTF-8"),
        }
    }

    /// The head of an array, after its `[`.
    fn items(&mut self) -> Result<Items, UbjError> {
        let element = if self.peek()? == b'$' {
            self.position += 1;
            Some(self.marker()?)
        } else {
            None
        };
        if self.peek()? != b'#' {
            return if element.is_some() { self.error("a typed array without its length") } else { Ok(Items::Open) };
        }
        self.position += 1;
        let count = self.length()?;
        // Every element takes at least this much, so a longer array cannot be in the file.
        let width = element.map_or(Some(1), width);
        let Some(width) = width else { return self.error("a typed array of no numbers") };
        if count.checked_mul(width).is_none_or(|bytes| bytes > self.remaining()) {
            return self.error(format!("an array of {count} elements, more than the file holds"));
        }
        Ok(element.map_or(Items::Counted(count), |element| Items::Typed(element, count)))
    }

    fn value<V: Visitor<'de>>(&mut self, marker: u8, visitor: V) -> Result<V::Value, UbjError> {
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f32(f32::from_be_bytes(self.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.array()?)),
            b'C' => visitor.visit_u8(self.marker()?),
            b'S' => visitor.visit_borrowed_str(self.string()?),
            b'[' => {
                let items = self.items()?;
                self.nested(|reader| {
                    let mut sequence = Sequence { reader, items };
                    let value = visitor.visit_seq(&mut sequence)?;
                    sequence.end()?;
                    Ok(value)
                })
            }
            b'{' => self.nested(|reader| visitor.visit_map(Entries { reader })),
            integer => visitor.visit_i64(self.integer(integer)?),
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, UbjError>) -> Result<T, UbjError> {
        if self.depth == MAX_DEPTH {
            return self.error("values nested too deeply");
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}

/// The bytes one number of a typed array takes. Only numbers: a typed array of `Z` would hold any count in no bytes.
fn width(marker: u8) -> Option<usize> {
    match marker {
        b'i' | b'U' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = UbjError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjError> {
        let marker = self.marker()?;
        self.value(marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjError> {
        if self.peek()? == b'Z' {
            self.position += 1;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, UbjError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

enum Items {
    Open,
    Counted(usize),
    Typed(u8, usize),
}

struct Sequence<'a, 'de> {
    reader: &'a mut Reader<'de>,
    items: Items,
}

impl Sequence<'_, '_> {
    fn end(&mut self) -> Result<(), UbjError> {
        match self.items {
            Items::Counted(0) | Items::Typed(_, 0) => Ok(()),
            Items::Open if self.reader.peek()? == b']' => {
                self.reader.position += 1;
                Ok(())
            }
            _ => self.reader.error("more elements than expected"),
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Sequence<'_, 'de> {
    type Error = UbjError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, UbjError> {
        match &mut self.items {
            Items::Open if self.reader.peek()? == b']' => Ok(None),
            Items::Open => seed.deserialize(&mut *self.reader).map(Some),
            Items::Counted(0) | Items::Typed(_, 0) => Ok(None),
            Items::Counted(left) => {
                *left -= 1;
                seed.deserialize(&mut *self.reader).map(Some)
            }
            Items::Typed(marker, left) => {
                *left -= 1;
                let marker = *marker;
                seed.deserialize(Element { reader: &mut *self.reader, marker }).map(Some)
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        match self.items {
            Items::Open => None,
            Items::Counted(left) | Items::Typed(_, left) => Some(left),
        }
    }
}

/// One number of a typed array, whose marker stands at the array's head.
struct Element<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: u8,
}

impl<'de> Deserializer<'de> for Element<'_, 'de> {
    type Error = UbjError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjError> {
        self.reader.value(self.marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, UbjError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

struct Entries<'a, 'de> {
    reader: &'a mut Reader<'de>,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = UbjError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, UbjError> {
        if self.reader.peek()? == b'}' {
            self.reader.position += 1;
            return Ok(None);
        }
        let key = self.reader.string()?;
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, UbjError> {
        seed.deserialize(&mut *self.reader)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::from_slice;

    fn error(bytes: &[u8]) -> String {
        from_slice::<Value>(bytes).unwrap_err().to_string()
    }

    // The examples follow the UBJSON specification, draft 12.
    #[test]
    fn every_kind_of_value_is_read() {
        let bytes = b"{L\0\0\0\0\0\0\0\x01a[$d#L\0\0\0\0\0\0\0\x02\x3f\x80\0\0\xc0\0\0\0i\x01b[#i\x02TZi\x01c[SU\x02hiI\x01\0]i\x01dl\xff\xff\xff\xff}";
        let value: Value = from_slice(bytes).unwrap();
        assert_eq!(value, json!({"a": [1.0, -2.0], "b": [true, null], "c": ["hi", 256], "d": -1}));
    }

    #[test]
    fn what_a_file_cannot_hold_is_refused_before_it_is_allocated() {
        assert!(error(b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff").contains("more than the file holds"));
        assert!(error(b"[#L\x7f\xff\xff\xff\xff\xff\xff\xff").contains("more than the file holds"));
        assert!(error(b"[$Z#L\x7f\xff\xff\xff\xff\xff\xff\xff").contains("no numbers"));
        assert!(error(b"SL\x7f\xff\xff\xff\xff\xff\xff\xff").contains("ends too early"));
        assert!(error(b"SL\xff\xff\xff\xff\xff\xff\xff\xff").contains("negative length"));
    }

    #[test]
    fn deep_nesting_does_not_use_up_the_stack() {
        assert!(error(&[b'['; 1_000_000]).contains("nested too deeply"));
    }
}
