//! The primitives of the codec: variable-length numbers, texts and blocks.

/// The bytes are not what the writer wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct DecodeError {
    pub what: &'static str,
    pub at: usize,
}

pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zigzag: small numbers of either sign are short.
pub(crate) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads what the functions above wrote; every read checks the end.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Everything that was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub fn error(&self, what: &'static str) -> DecodeError {
        DecodeError { what, at: self.at }
    }

    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        let byte = *self
            .bytes
            .get(self.at)
            .ok_or_else(|| self.error("end of data"))?;
        self.at += 1;
        Ok(byte)
    }

    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.error("number above 64 bits"))
    }

    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        let value = self.u64()?;
        u32::try_from(value).map_err(|_| self.error("number above 32 bits"))
    }

    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        let value = self.u64()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub fn u128(&mut self) -> Result<u128, DecodeError> {
        let bytes: [u8; 16] = self.array()?;
        Ok(u128::from_be_bytes(bytes))
    }

    pub fn fixed_u64(&mut self) -> Result<u64, DecodeError> {
        let bytes: [u8; 8] = self.array()?;
        Ok(u64::from_be_bytes(bytes))
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.u64()?;
        let length = usize::try_from(length).map_err(|_| self.error("length above memory"))?;
        self.take(length)
    }

    /// What stands behind a length of four bytes.
    pub fn block(&mut self) -> Result<&'a [u8], DecodeError> {
        let length: [u8; 4] = self.array()?;
        self.take(u32::from_be_bytes(length) as usize)
    }

    /// A count of things that take at least one byte each, so that a wrong one can't ask for
    /// more memory than the data is long.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count = self.u64()?;
        match usize::try_from(count) {
            Ok(count) if count <= self.remaining() => Ok(count),
            _ => Err(self.error("count beyond the data")),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let error = self.error("end of data");
        self.take(N)?.try_into().map_err(|_| error)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = self
            .at
            .checked_add(length)
            .ok_or_else(|| self.error("length"))?;
        let taken = self
            .bytes
            .get(self.at..end)
            .ok_or_else(|| self.error("end of data"))?;
        self.at = end;
        Ok(taken)
    }
}
