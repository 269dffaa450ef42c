//! Bytes looked at many at a time: what holds of each byte of a block as bits, and what holds of all bytes of a text.
//!
//! In: bytes, and a question that each answers by itself. Out: bits, or a yes or no. No branch depends on a single byte: the
//! lengths of words and lines are what no processor foresees, and each wrong guess costs more than looking at many bytes.

/// So many bytes make a block.
pub(crate) const BLOCK: usize = 64;

/// A bit for each byte of a block of which `is` holds, the first one lowest; more bytes than a block's are left alone.
pub(crate) fn bits_of<const BYTES: usize>(block: &[u8; BYTES], is: impl Fn(u8) -> bool) -> u64 {
    // Without branches and side effects, so that the compiler compares many bytes at once.
    let mut flags = [0_u8; BLOCK];
    for (flag, &byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(is(byte));
    }
    let (eights, _) = flags.as_chunks();
    // The product moves the flag of byte `i` from bit `8 * i` to bit `56 + i`.
    let bits = eights.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56);
    bits.zip((0..).step_by(8)).fold(0, |all, (bits, place)| all | bits << place)
}

/// The places of the bits that are set.
pub(crate) fn places_of(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        place
    })
}

/// The places of the bytes of which `is` holds, in order; no more is read than is asked for.
pub(crate) fn places(bytes: &[u8], is: impl Fn(u8) -> bool) -> impl Iterator<Item = usize> {
    let (mut start, mut end, mut bits) = (0, 0, 0);
    std::iter::from_fn(move || {
        while bits == 0 {
            let rest = bytes.get(end..).filter(|rest| !rest.is_empty())?;
            start = end;
            end += BLOCK;
            bits = rest.first_chunk::<BLOCK>().map_or_else(|| last_bits(bytes, rest.len(), &is), |block| bits_of(block, &is));
        }
        let place = start + bits.trailing_zeros() as usize;
        bits &= bits - 1;
        Some(place)
    })
}

/// The bits of the last `count` bytes, fewer than a block's.
fn last_bits(bytes: &[u8], count: usize, is: &impl Fn(u8) -> bool) -> u64 {
    if let Some(block) = bytes.last_chunk::<BLOCK>() {
        return bits_of(block, is) >> (BLOCK - count);
    }
    let mut block = [0; BLOCK];
    block[..count].copy_from_slice(&bytes[bytes.len() - count..]);
    bits_of(&block, is) & ((1 << count) - 1)
}

/// Whether `is` holds of every byte.
pub(crate) fn all(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    all_in::<16>(bytes, &is).or_else(|| all_in::<4>(bytes, &is)).unwrap_or_else(|| bytes.iter().all(|byte| is(*byte)))
}

/// The same in pieces of so many bytes, the last of which overlaps the one before; none where there are too few for one.
fn all_in<const PIECE: usize>(bytes: &[u8], is: &impl Fn(u8) -> bool) -> Option<bool> {
    let holds = |piece: &[u8; PIECE]| piece.iter().fold(true, |all, byte| all & is(*byte));
    let last = bytes.last_chunk()?;
    Some(bytes.as_chunks().0.iter().fold(holds(last), |all, piece| all & holds(piece)))
}

/// Whether a text is ASCII.
pub(crate) fn is_ascii(text: &str) -> bool {
    all(text.as_bytes(), |byte| byte.is_ascii())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_are_those_of_the_bytes(block: [u8; BLOCK]) {
            let places: Vec<usize> = places_of(bits_of(&block, |byte| byte > 99)).collect();
            prop_assert_eq!(places, (0..BLOCK).filter(|&place| block[place] > 99).collect::<Vec<_>>());
        }

        #[test]
        fn places_are_those_of_the_bytes(bytes in proptest::collection::vec(0..40_u8, 0..200)) {
            let plain: Vec<usize> = (0..bytes.len()).filter(|&place| bytes[place] < 3).collect();
            prop_assert_eq!(places(&bytes, |byte| byte < 3).collect::<Vec<_>>(), plain);
        }

        #[test]
        fn all_bytes_are_asked(bytes in proptest::collection::vec(0..40_u8, 0..70)) {
            prop_assert_eq!(all(&bytes, |byte| byte < 39), bytes.iter().all(|byte| *byte < 39));
        }
    }
}
