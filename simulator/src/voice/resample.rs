//! The two conversions that the simulator needs: espeak-ng's rate to the voice's, and 24 kHz to the detector's 16 kHz.

use super::VOICE_RATE_HZ;

/// Neighbours on each side that a sample is computed from.
const REACH: isize = 8;

/// Converts to the voice's rate by windowed sinc interpolation.
pub(super) fn to_voice_rate(samples: &[i16], rate_hz: u32) -> Vec<i16> {
    if rate_hz == VOICE_RATE_HZ {
        return samples.to_vec();
    }
    let divisor = greatest_common_divisor(rate_hz, VOICE_RATE_HZ);
    let (step, phases) = (
        (rate_hz / divisor) as usize,
        (VOICE_RATE_HZ / divisor) as usize,
    );
    let weights: Vec<Vec<f64>> = (0..phases)
        .map(|phase| weights_of(phase as f64 / phases as f64))
        .collect();
    let sample = |at: isize| {
        usize::try_from(at)
            .ok()
            .and_then(|at| samples.get(at))
            .copied()
            .unwrap_or(0)
    };
    (0..samples.len() * phases / step)
        .map(|index| {
            let position = index * step;
            let first = (position / phases) as isize - REACH + 1;
            let neighbours = (first..).map(|at| f64::from(sample(at)));
            let sum: f64 = weights[position % phases]
                .iter()
                .zip(neighbours)
                .map(|(weight, sample)| weight * sample)
                .sum();
            sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
        })
        .collect()
}

/// How much each neighbour counts for a sample that lies `fraction` behind the nearest one before it.
fn weights_of(fraction: f64) -> Vec<f64> {
    (1 - REACH..=REACH)
        .map(|neighbour| kernel(fraction - neighbour as f64))
        .collect()
}

const fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

fn kernel(distance: f64) -> f64 {
    if distance.abs() < 1e-9 {
        return 1.0;
    }
    let angle = std::f64::consts::PI * distance;
    let window = 0.5 + 0.5 * (angle / REACH as f64).cos();
    angle.sin() / angle * window
}

/// Converts three samples at 24 kHz into two at 16 kHz. What aliases is above speech, and only a detector hears it.
pub fn three_to_two(three: [i16; 3]) -> [i16; 2] {
    let [first, second, third] = three;
    [first, i16::midpoint(second, third)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_keeps_its_pitch_and_its_loudness() {
        let tone: Vec<i16> = (0..22_050)
            .map(|n| {
                ((f64::from(n) * 440.0 * std::f64::consts::TAU / 22_050.0).sin() * 10_000.0) as i16
            })
            .collect();
        let converted = to_voice_rate(&tone, 22_050);
        assert_eq!(converted.len(), 24_000);
        let rising = converted
            .windows(2)
            .filter(|pair| pair[0] < 0 && pair[1] >= 0)
            .count();
        assert!((438..=441).contains(&rising), "{rising} Hz");
        let peak = converted.iter().map(|sample| sample.unsigned_abs()).max();
        assert!(
            peak.is_some_and(|peak| (9_800..10_200).contains(&peak)),
            "{peak:?}"
        );
    }
}
