//! Reads JSON that our own programs wrote: lessons, messages, what is kept.
//!
//! `serde_json` alone makes a parser of each type. Here the text becomes a tree by one parser, and what is made for each type
//! only picks its fields from the tree, which is less than half of the code. What people write is read by
//! `Topology::from_json` and `Run::from_json`, which say the line of a fault.
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The value that a text says.
///
/// # Errors
/// When the text is not JSON, or not of this type's shape: a sentence.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    T::deserialize(Reader(&tree(text)?))
}

/// Why a text was not understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable(Box<str>);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self(why.to_string().into())
    }
}

fn tree(text: &str) -> Result<Value, Unreadable> {
    serde_json::from_str(text).map_err(de::Error::custom)
}

fn unlike(found: &Value, wanted: &str) -> Unreadable {
    let found = match found {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Unreadable(format!("{found} stands where {wanted} should").into())
}

/// A value of the tree.
#[derive(Clone, Copy)]
struct Reader<'t>(&'t Value);

impl<'t> Reader<'t> {
    fn text(self) -> Result<&'t str, Unreadable> {
        self.0.as_str().ok_or_else(|| unlike(self.0, "a text"))
    }

    fn list(self) -> Result<Items<'t>, Unreadable> {
        self.0.as_array().map(|items| Items(items.iter())).ok_or_else(|| unlike(self.0, "a list"))
    }

    fn object(self) -> Result<Fields<'t>, Unreadable> {
        let fields = self.0.as_object().ok_or_else(|| unlike(self.0, "an object"))?;
        Ok(Fields { left: fields.iter(), value: self.0 })
    }

    /// The name of a variant, and what it holds.
    fn variant(self) -> Result<Variant<'t>, Unreadable> {
        let only = |fields: &'t Map<String, Value>| fields.iter().next().filter(|_| fields.len() == 1);
        match self.0 {
            Value::String(name) => Ok(Variant { name, content: &Value::Null }),
            Value::Object(fields) if let Some((name, content)) = only(fields) => {
                Ok(Variant { name, content })
            }
            other => Err(unlike(other, "a choice")),
        }
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            other => Err(unlike(other, "a number")),
        }
    }
}

/// Methods that read alike.
macro_rules! read_as {
    ($with:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            self.$with(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(_) => self.number(visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    read_as!(number: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);
    read_as!(number: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128);
    read_as!(number: deserialize_f32 deserialize_f64);
    read_as!(deserialize_str: deserialize_string deserialize_char deserialize_identifier);
    read_as!(deserialize_seq: deserialize_bytes deserialize_byte_buf);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_bool(self.0.as_bool().ok_or_else(|| unlike(self.0, "true or false"))?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(self.list()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(self.list()?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(self.list()?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_map(self.object()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_map(self.object()?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(self.variant()?)
    }
}

struct Items<'t>(std::slice::Iter<'t, Value>);

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Unreadable;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unreadable> {
        self.0.next().map(|item| seed.deserialize(Reader(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Fields<'t> {
    left: serde_json::map::Iter<'t>,
    /// The value of the key that was read last; before the first, the object itself.
    value: &'t Value,
}

impl<'t> Fields<'t> {
    // Kept in one place: it would be repeated for each type.
    #[inline(never)]
    fn step(&mut self) -> Option<&'t str> {
        let (name, value) = self.left.next()?;
        self.value = value;
        Some(name)
    }
}

impl<'de> de::MapAccess<'de> for Fields<'_> {
    type Error = Unreadable;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unreadable> {
        self.step().map(|name| seed.deserialize(name_of(name))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unreadable> {
        seed.deserialize(Reader(self.value))
    }
}

fn name_of(name: &str) -> StrDeserializer<'_, Unreadable> {
    name.into_deserializer()
}

struct Variant<'t> {
    name: &'t str,
    content: &'t Value,
}

impl<'de, 't> de::EnumAccess<'de> for Variant<'t> {
    type Error = Unreadable;
    type Variant = Reader<'t>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Reader<'t>), Unreadable> {
        Ok((seed.deserialize(name_of(self.name))?, Reader(self.content)))
    }
}

impl<'de> de::VariantAccess<'de> for Reader<'_> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        if self.0.is_null() { Ok(()) } else { Err(unlike(self.0, "nothing")) }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Unreadable> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(self.list()?)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_map(self.object()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Nothing,
        One(Box<Whole>),
        Two(u8, i64),
        Named { at: f64, flag: bool },
        Either(Result<u32, String>),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Whole {
        number: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        shapes: Vec<Shape>,
        counts: BTreeMap<String, (u16, f64)>,
    }

    fn leaves() -> impl Strategy<Value = Shape> {
        prop_oneof![
            Just(Shape::Nothing),
            any::<(u8, i64)>().prop_map(|(a, b)| Shape::Two(a, b)),
            (-1e300..1e300, any::<bool>()).prop_map(|(at, flag)| Shape::Named { at, flag }),
            any::<Result<u32, String>>().prop_map(Shape::Either),
        ]
    }

    fn wholes() -> impl Strategy<Value = Whole> {
        let counts = prop::collection::btree_map(".{0,9}", (any::<u16>(), 0.0..1.0), 0..4);
        let shapes = leaves().prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                inner.clone(),
                (any::<u64>(), prop::collection::vec(inner, 0..4)).prop_map(|(number, shapes)| {
                    let (name, counts) = (None, BTreeMap::new());
                    Shape::One(Box::new(Whole { number, name, shapes, counts }))
                }),
            ]
        });
        (any::<u64>(), any::<Option<String>>(), prop::collection::vec(shapes, 0..4), counts)
            .prop_map(|(number, name, shapes, counts)| Whole { number, name, shapes, counts })
    }

    proptest! {
        /// Numbers are the same to the last bit.
        #[test]
        fn what_was_written_is_read(whole in wholes()) {
            let text = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(read::<Whole>(&text), Ok(whole));
        }

        #[test]
        fn no_text_makes_it_panic(text in r#"[\[\]{}",:0-9a-z ]{0,40}"#) {
            let _ = read::<Whole>(&text);
        }
    }

    #[test]
    fn a_text_of_another_shape_is_refused_with_a_reason() {
        let why = |text: &str| read::<Whole>(text).unwrap_err().to_string();
        assert_eq!(why("[]"), "a list stands where an object should");
        assert_eq!(why("{}"), "missing field `number`");
        assert_eq!(why(r#"{"number": "1"}"#), "a text stands where a number should");
        assert!(why(r#"{"number": -1}"#).contains("-1"));
        assert!(why(r#"{"number": 1, "shapes": ["none"]}"#).contains("unknown variant `none`"));
        assert!(why("{").contains("line 1"));
    }
}
