//! The order of the module's functions: alike ones side by side, which compresses better.
//!
//! A packer finds what repeats only nearby (gzip within 32 KiB), and most functions of the module are the same generic one
//! for another type. Sorted by name, and by size within a name, they lie beside one another.

use std::collections::HashMap;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionSectionReader, KnownCustom, Name, Parser, Payload,
    TypeRef,
};

/// What a legacy-mangled name ends in: `17h`, sixteen hexadecimal digits, `E`.
const HASH: usize = 20;

/// The module with its functions in a new order and without their names, which only told the order.
pub(super) fn by_likeness(module: &[u8]) -> Result<Vec<u8>> {
    let mut order = Order::of(module)?;
    let mut ordered = Module::new();
    order
        .parse_core_module(&mut ordered, Parser::new(0), module)
        .map_err(|error| anyhow::anyhow!("cannot order the functions of the module: {error}"))?;
    Ok(ordered.finish())
}

struct Order {
    imported: u32,
    /// The old place of the function at each new place, imported ones not counted.
    old: Vec<usize>,
    /// The new place of each.
    new: Vec<u32>,
}

impl Order {
    fn of(module: &[u8]) -> Result<Self> {
        let mut imported = 0;
        let mut sizes = Vec::new();
        let mut names = HashMap::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload.context("the module is not WebAssembly")? {
                Payload::ImportSection(imports) => imported = functions_among(imports)?,
                Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
                Payload::CustomSection(section) => read_names(&section, &mut names)?,
                _ => {}
            }
        }
        let mut old: Vec<usize> = (0..sizes.len()).collect();
        let name = |place: usize| names.get(&(imported + place as u32)).copied().unwrap_or_default();
        old.sort_by_key(|&place| (without_hash(name(place)), sizes[place], place));
        let mut new = vec![0; old.len()];
        for (place, &from) in old.iter().enumerate() {
            new[from] = imported + place as u32;
        }
        Ok(Self { imported, old, new })
    }
}

impl Reencode for Order {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        let own = function.checked_sub(self.imported);
        Ok(own.map_or(function, |place| self.new[place as usize]))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for &place in &self.old {
            functions.function(types[place]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for place in self.old.clone() {
            self.parse_function_body(code, bodies[place].clone())?;
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        match section.as_known() {
            KnownCustom::Name(_) => Ok(()),
            _ => utils::parse_custom_section(self, module, section),
        }
    }
}

fn functions_among(imports: wasmparser::ImportSectionReader<'_>) -> Result<u32> {
    let mut functions = 0;
    for import in imports.into_imports() {
        functions += u32::from(matches!(import?.ty, TypeRef::Func(_)));
    }
    Ok(functions)
}

fn read_names<'m>(section: &CustomSectionReader<'m>, names: &mut HashMap<u32, &'m str>) -> Result<()> {
    let KnownCustom::Name(sections) = section.as_known() else { return Ok(()) };
    for part in sections {
        if let Name::Function(functions) = part? {
            for named in functions {
                let named = named?;
                names.insert(named.index, named.name);
            }
        }
    }
    Ok(())
}

/// The instances of a generic function differ in the hash at the end of their names.
fn without_hash(name: &str) -> &str {
    if !name.starts_with("_ZN") {
        return name;
    }
    name.len().checked_sub(HASH).and_then(|end| name.get(..end)).unwrap_or(name)
}
