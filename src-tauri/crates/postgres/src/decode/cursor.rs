//! A cursor over the bytes of one value.

/// The bytes of a value that have not been read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

/// Why a value could not be read.
pub(super) type Broken = &'static str;

const SHORT: Broken = "it ends early";

impl<'a> Cursor<'a> {
    /// Begins at the first byte.
    pub fn new(raw: &'a [u8]) -> Self {
        Self { rest: raw }
    }

    /// Returns the number of bytes left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Takes bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes a fixed number of bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(SHORT)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Takes one byte.
    pub fn u8(&mut self) -> Result<u8, Broken> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// Takes two bytes.
    pub fn u16(&mut self) -> Result<u16, Broken> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// Takes four bytes.
    pub fn i32(&mut self) -> Result<i32, Broken> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    /// Takes eight bytes.
    pub fn i64(&mut self) -> Result<i64, Broken> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    /// Takes a float of eight bytes.
    pub fn f64(&mut self) -> Result<f64, Broken> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    /// Takes a count of parts that need at least `least` bytes each.
    pub fn count(&mut self, least: usize) -> Result<usize, Broken> {
        let count = usize::try_from(self.i32()?).map_err(|_| "it has a negative number of parts")?;
        if count.checked_mul(least).is_none_or(|bytes| bytes > self.left()) { Err(SHORT) } else { Ok(count) }
    }

    /// Takes a length and so many bytes; −1 is NULL.
    pub fn sized(&mut self) -> Result<Option<&'a [u8]>, Broken> {
        match self.i32()? {
            -1 => Ok(None),
            length => Ok(Some(self.bytes(usize::try_from(length).map_err(|_| "a part has a negative length")?)?)),
        }
    }

    /// Takes bytes up to a zero, and the zero.
    pub fn text(&mut self) -> Result<&'a [u8], Broken> {
        let end = self.rest.iter().position(|byte| *byte == 0).ok_or(SHORT)?;
        let text = self.bytes(end)?;
        self.u8()?;
        Ok(text)
    }

    /// Ends the value.
    pub fn end(self) -> Result<(), Broken> {
        if self.rest.is_empty() { Ok(()) } else { Err("bytes follow its end") }
    }
}
