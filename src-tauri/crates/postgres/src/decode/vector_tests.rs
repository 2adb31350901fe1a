//! Vectors of pgvector as its send functions write them: two bytes that count the dimensions, two of zero, and the
//! floats, of four bytes in a `vector` and of two in a `halfvec`. Few servers of tests have the extension, so the bytes
//! are made here, by that layout alone.

use super::wire::{Stream, decode, int4, plan};
use crate::encode::{Encoder, Oids};
use arrow::array::{Array, AsArray, Float32Array};
use arrow::datatypes::{ArrowPrimitiveType, Float16Type, Float32Type};
use bytes::BytesMut;
use firn_catalog::PgType;
use proptest::prelude::*;

/// A float of two bytes.
type Half = <Float16Type as ArrowPrimitiveType>::Native;

fn sent(floats: &[Vec<u8>]) -> Vec<u8> {
    let dimensions = u16::try_from(floats.len()).unwrap().to_be_bytes();
    [&dimensions[..], &[0, 0], &floats.concat()].concat()
}

fn vector(floats: &[f32]) -> Vec<u8> {
    sent(&floats.iter().map(|float| float.to_be_bytes().to_vec()).collect::<Vec<_>>())
}

fn halfvec(halves: &[u16]) -> Vec<u8> {
    sent(&halves.iter().map(|half| half.to_be_bytes().to_vec()).collect::<Vec<_>>())
}

/// The bits of each value's floats; `None` for NULL.
fn bits(column: &dyn Array) -> Vec<Option<Vec<u32>>> {
    let floats = |items: &Float32Array| items.values().iter().map(|float| float.to_bits()).collect::<Vec<_>>();
    (0..column.len())
        .map(|row| {
            let items = match column.as_fixed_size_list_opt() {
                Some(list) => list.value(row),
                None => column.as_list::<i32>().value(row),
            };
            column.is_valid(row).then(|| floats(items.as_primitive::<Float32Type>()))
        })
        .collect()
}

/// Finite floats, the smallest and zeros of both signs among them.
fn finite() -> impl Strategy<Value = f32> {
    use prop::num::f32::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

/// Bits of finite floats of two bytes: the largest exponent stands for infinity and what is no number.
fn finite_halves() -> impl Strategy<Value = u16> {
    any::<u16>().prop_filter("not finite", |bits| bits & 0x7c00 != 0x7c00)
}

proptest! {
    #[test]
    fn vectors_are_read_and_written_bit_by_bit(
        rows in prop::collection::vec(
            (
                prop::option::of(prop::collection::vec(finite(), 3)),
                // pgvector has no vector of no dimension.
                prop::option::of(prop::collection::vec(finite(), 1..9)),
                prop::option::of(prop::collection::vec(finite_halves(), 2)),
            ),
            1..20,
        ),
        piece in 1_usize..200,
    ) {
        let types = [PgType::Int4, PgType::Vector(Some(3)), PgType::Vector(None), PgType::Halfvec(Some(2))];
        let stream = rows.iter().zip(0..).fold(Stream::new(), |stream, ((fixed, any, halves), id)| {
            let fields = [fixed.as_deref().map(vector), any.as_deref().map(vector), halves.as_deref().map(halfvec)];
            stream.row(&[&[int4(id)], &fields[..]].concat())
        });
        let stream = stream.end();
        let batches = decode(&plan(&types), &stream, piece).unwrap();
        prop_assert_eq!(batches.len(), 1);
        let batch = &batches[0].batch;
        let of = |floats: &[f32]| floats.iter().map(|float| float.to_bits()).collect::<Vec<_>>();
        let of_half = |halves: &[u16]| halves.iter().map(|half| Half::from_bits(*half).to_f32().to_bits()).collect();
        let expected = |column: usize| -> Vec<Option<Vec<u32>>> {
            rows.iter()
                .map(|(fixed, any, halves)| match column {
                    1 => fixed.as_deref().map(of),
                    2 => any.as_deref().map(of),
                    _ => halves.as_deref().map(of_half),
                })
                .collect()
        };
        for column in 1..4 {
            prop_assert_eq!(bits(batch.column(column)), expected(column), "column {}", column);
        }

        let mut oids = Oids::default();
        oids.insert("vector", 90_000);
        oids.insert("halfvec", 90_001);
        let mut out = BytesMut::new();
        Encoder::begin(&mut out);
        Encoder::new(&batch.schema(), &types, &oids).unwrap().encode(batch, &mut out).unwrap();
        Encoder::end(&mut out);
        prop_assert_eq!(&out[..], &stream[..]);
    }
}
