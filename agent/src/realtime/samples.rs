//! Samples of 16 bits and the bytes that a provider wants or sends: the least byte first.

/// Makes samples of what comes in pieces that may be cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Samples {
    /// The first byte of a sample whose second is still to come.
    half: Option<u8>,
}

impl Samples {
    /// Takes the next piece and returns the samples that are whole with it.
    pub(super) fn take(&mut self, piece: Vec<u8>) -> Vec<i16> {
        let mut bytes = self.half.take().into_iter().chain(piece);
        let mut samples = Vec::with_capacity(bytes.size_hint().0 / 2);
        while let Some(low) = bytes.next() {
            match bytes.next() {
                Some(high) => samples.push(i16::from_le_bytes([low, high])),
                None => self.half = Some(low),
            }
        }
        samples
    }
}

/// Returns the bytes of the samples.
pub(super) fn bytes_of(samples: &[i16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(samples.len() * 2);
    for sample in samples {
        bytes.extend_from_slice(&sample.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_byte_comes_first() {
        assert_eq!(bytes_of(&[1, -2]), [1, 0, 0xfe, 0xff]);
    }

    #[test]
    fn wherever_sound_is_cut_it_comes_out_whole() {
        let whole: Vec<i16> = vec![1, -2, 0x302, i16::MIN, i16::MAX];
        let bytes = bytes_of(&whole);
        for length in 1..=bytes.len() {
            let mut samples = Samples::default();
            let heard: Vec<i16> = bytes
                .chunks(length)
                .flat_map(|piece| samples.take(piece.to_vec()))
                .collect();
            assert_eq!(heard, whole, "in pieces of {length}");
        }
    }

    #[test]
    fn half_a_sample_waits_for_the_other_half() {
        let mut samples = Samples::default();
        assert!(samples.take(vec![2]).is_empty());
        assert!(samples.take(Vec::new()).is_empty());
        assert_eq!(samples.take(vec![3]), [0x302]);
    }
}
