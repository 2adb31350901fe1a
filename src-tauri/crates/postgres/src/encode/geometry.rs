//! The geometric types, from the text PostgreSQL prints. (The geometries of PostGIS are bytes and pass as they are.)

use super::error::Unfit;

/// A geometric type that travels as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Line,
    Segment,
    Box,
    Path,
    Polygon,
    Circle,
}

/// Appends a shape.
pub(super) fn put_shape(text: &str, shape: Shape, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let (template, count) = match shape {
        Shape::Line => ("{,,}", Some(3)),
        Shape::Segment => ("[(,),(,)]", Some(4)),
        Shape::Box => ("(,),(,)", Some(4)),
        Shape::Circle => ("<(,),>", Some(3)),
        Shape::Path | Shape::Polygon => ("", None),
    };
    let (numbers, skeleton) = parts(text)?;
    if let Some(count) = count {
        if skeleton != template || numbers.len() != count {
            return Err(Unfit::NoShape);
        }
    } else {
        let closed = match skeleton.bytes().next() {
            Some(b'(') => true,
            Some(b'[') if shape == Shape::Path => false,
            _ => return Err(Unfit::NoShape),
        };
        let points = numbers.len() / 2;
        let body = vec!["(,)"; points].join(",");
        let expected = if closed { format!("({body})") } else { format!("[{body}]") };
        if points == 0 || numbers.len() % 2 != 0 || skeleton != expected {
            return Err(Unfit::NoShape);
        }
        if shape == Shape::Path {
            out.push(u8::from(closed));
        }
        out.extend(i32::try_from(points).map_err(|_| Unfit::TooLarge)?.to_be_bytes());
    }
    numbers.iter().for_each(|number| out.extend(number.to_be_bytes()));
    Ok(())
}

/// Splits a text into its numbers and what stands around them.
fn parts(text: &str) -> Result<(Vec<f64>, String), Unfit> {
    const AROUND: [char; 9] = ['(', ')', '[', ']', '{', '}', '<', '>', ','];
    let numbers = text.split(AROUND).filter(|part| !part.is_empty()).map(|part| {
        // Rust reads more words than PostgreSQL prints, all of the same meaning.
        part.parse::<f64>().map_err(|_| Unfit::NoShape)
    });
    Ok((numbers.collect::<Result<_, _>>()?, text.chars().filter(|c| AROUND.contains(c)).collect()))
}
