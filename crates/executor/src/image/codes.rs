//! Columns of small whole numbers in as few bytes as they need.

/// One code a row. 0 means null; other codes are positions in a vocabulary, counted from 1.
#[derive(Clone, Debug)]
pub(crate) enum Codes {
    /// This many rows, null in each.
    Null(usize),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
}

impl Codes {
    /// Takes the narrowest form that holds `greatest`; `codes` must give none above it.
    pub(crate) fn collect(greatest: u32, codes: impl ExactSizeIterator<Item = u32>) -> Codes {
        match greatest {
            0 => Codes::Null(codes.len()),
            1..=0xff => Codes::U8(codes.map(|code| code as u8).collect()),
            0x100..=0xffff => Codes::U16(codes.map(|code| code as u16).collect()),
            _ => Codes::U32(codes.collect()),
        }
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> u32 {
        match self {
            Codes::Null(_) => 0,
            Codes::U8(codes) => u32::from(codes[row]),
            Codes::U16(codes) => u32::from(codes[row]),
            Codes::U32(codes) => codes[row],
        }
    }

    /// Adds `stride` times the codes of the rows from `from` on to `out`.
    pub(crate) fn add_scaled(&self, from: usize, stride: u32, out: &mut [u32]) {
        match self {
            Codes::Null(_) => {}
            Codes::U8(codes) => add_scaled(&codes[from..], stride, out),
            Codes::U16(codes) => add_scaled(&codes[from..], stride, out),
            Codes::U32(codes) => add_scaled(&codes[from..], stride, out),
        }
    }

    /// Adds `stride` times the codes of these rows, told from the `first` on, to `out`, in step.
    pub(crate) fn add_scaled_of(&self, first: usize, rows: &[u32], stride: u32, out: &mut [u32]) {
        match self {
            Codes::Null(_) => {}
            Codes::U8(codes) => add_scaled_of(&codes[first..], rows, stride, out),
            Codes::U16(codes) => add_scaled_of(&codes[first..], rows, stride, out),
            Codes::U32(codes) => add_scaled_of(&codes[first..], rows, stride, out),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Codes::Null(len) => *len,
            Codes::U8(codes) => codes.len(),
            Codes::U16(codes) => codes.len(),
            Codes::U32(codes) => codes.len(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Codes::Null(_) => 0,
            Codes::U8(codes) => codes.len(),
            Codes::U16(codes) => codes.len() * 2,
            Codes::U32(codes) => codes.len() * 4,
        }
    }
}

fn add_scaled<C: Copy + Into<u32>>(codes: &[C], stride: u32, out: &mut [u32]) {
    if stride == 1 {
        for (out, code) in out.iter_mut().zip(codes) {
            *out += (*code).into();
        }
        return;
    }
    for (out, code) in out.iter_mut().zip(codes) {
        *out += (*code).into() * stride;
    }
}

fn add_scaled_of<C: Copy + Into<u32>>(codes: &[C], rows: &[u32], stride: u32, out: &mut [u32]) {
    for (out, row) in out.iter_mut().zip(rows) {
        *out += codes[*row as usize].into() * stride;
    }
}

/// One amount that is not below 0 a row, or nothing, in as few bytes as the amounts need.
#[derive(Clone, Debug)]
pub(crate) enum Amounts {
    /// 255 is nothing.
    U8(Vec<u8>),
    /// `u32::MAX` is nothing.
    U32(Vec<u32>),
    /// `i64::MIN` is nothing. Amounts of odd data may lie below 0 here.
    I64(Vec<i64>),
    /// Nothing in any row.
    Nothing,
}

impl Amounts {
    /// Takes the narrowest form that holds all `amounts`.
    pub(crate) fn collect(amounts: impl Iterator<Item = Option<i64>> + Clone) -> Amounts {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for amount in amounts.clone().flatten() {
            least = least.min(amount);
            most = most.max(amount);
        }
        if least > most {
            Amounts::Nothing
        } else if least >= 0 && most < i64::from(u8::MAX) {
            Amounts::U8(
                amounts
                    .map(|amount| amount.map_or(u8::MAX, |it| it as u8))
                    .collect(),
            )
        } else if least >= 0 && most < i64::from(u32::MAX) {
            Amounts::U32(
                amounts
                    .map(|amount| amount.map_or(u32::MAX, |it| it as u32))
                    .collect(),
            )
        } else {
            Amounts::I64(amounts.map(|amount| amount.unwrap_or(i64::MIN)).collect())
        }
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        match self {
            Amounts::U8(amounts) => Some(amounts[row])
                .filter(|it| *it != u8::MAX)
                .map(i64::from),
            Amounts::U32(amounts) => Some(amounts[row])
                .filter(|it| *it != u32::MAX)
                .map(i64::from),
            Amounts::I64(amounts) => Some(amounts[row]).filter(|it| *it != i64::MIN),
            Amounts::Nothing => None,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Amounts::U8(amounts) => amounts.len(),
            Amounts::U32(amounts) => amounts.len() * 4,
            Amounts::I64(amounts) => amounts.len() * 8,
            Amounts::Nothing => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_keeps_its_values() {
        for greatest in [0, 1, 255, 256, 65_535, 65_536, u32::MAX] {
            let values = [0, greatest / 2, greatest, greatest.min(1)];
            let codes = Codes::collect(greatest, values.iter().copied());
            assert_eq!(codes.len(), 4);
            for (row, value) in values.iter().enumerate() {
                assert_eq!(codes.get(row), *value, "{greatest}");
            }
        }
        let edges = [
            0,
            254,
            255,
            i64::from(u32::MAX) - 1,
            i64::from(u32::MAX),
            i64::MAX,
            -3,
        ];
        for most in 0..edges.len() {
            let values: Vec<Option<i64>> = edges[..=most]
                .iter()
                .map(|it| Some(*it))
                .chain([None])
                .collect();
            let amounts = Amounts::collect(values.iter().copied());
            for (row, value) in values.iter().enumerate() {
                assert_eq!(amounts.get(row), *value, "{most}");
            }
        }
    }
}
