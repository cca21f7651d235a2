//! What a decoding process tells of a video, and how much of it is believed.

use serde::{Deserialize, Serialize};

use crate::media::facts::VideoFacts;
use crate::media::limits::MediaLimits;

/// Letters of a container's or a codec's name at most.
const NAME: usize = 16;

/// [`VideoFacts`] as they are written in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToldFacts {
    container: String,
    codec: String,
    width: u32,
    height: u32,
    rotation: u16,
    duration_ms: Option<u64>,
    streams: usize,
}

impl From<VideoFacts> for ToldFacts {
    fn from(facts: VideoFacts) -> Self {
        Self {
            container: facts.container,
            codec: facts.codec,
            width: facts.width,
            height: facts.height,
            rotation: facts.rotation,
            duration_ms: facts.duration_ms,
            streams: facts.streams,
        }
    }
}

impl ToldFacts {
    /// The facts, when they are some of a video within the limits.
    pub(super) fn believed(self, limits: &MediaLimits) -> Option<VideoFacts> {
        let named = is_name(&self.container) && is_name(&self.codec);
        let pixels = u64::from(self.width) * u64::from(self.height);
        let sized = pixels > 0 && pixels <= limits.max_pixels;
        let turned = [0, 90, 180, 270].contains(&self.rotation);
        let counted = self.streams <= limits.max_streams;
        (named && sized && turned && counted).then_some(VideoFacts {
            container: self.container,
            codec: self.codec,
            width: self.width,
            height: self.height,
            rotation: self.rotation,
            duration_ms: self.duration_ms,
            streams: self.streams,
        })
    }
}

/// A name goes into media types and reports as it is.
fn is_name(text: &str) -> bool {
    let fits = (1..=NAME).contains(&text.len());
    fits && text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: MediaLimits = MediaLimits {
        max_bytes: 1,
        max_duration_ms: 1,
        max_pixels: 100,
        max_streams: 2,
    };

    fn told() -> ToldFacts {
        ToldFacts {
            container: "mp4".to_owned(),
            codec: "h264".to_owned(),
            width: 10,
            height: 10,
            rotation: 90,
            duration_ms: None,
            streams: 2,
        }
    }

    #[test]
    fn only_facts_of_a_video_within_the_limits_are_believed() {
        assert!(told().believed(&LIMITS).is_some());
        let lies: [fn(&mut ToldFacts); 7] = [
            |facts| facts.container = "mp4\r\nx-injected: 1".to_owned(),
            |facts| facts.container = String::new(),
            |facts| facts.codec = "<script>".to_owned(),
            |facts| facts.codec = "a".repeat(17),
            |facts| facts.width = 11,
            |facts| facts.rotation = 45,
            |facts| facts.streams = 3,
        ];
        for lie in lies {
            let mut facts = told();
            lie(&mut facts);
            assert_eq!(facts.clone().believed(&LIMITS), None, "{facts:?}");
        }
    }
}
