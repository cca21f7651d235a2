//! What the processor can do, asked once: the widest way of computing that it has.

use std::sync::LazyLock;

/// A way of computing. The portable one runs everywhere and is the truth that the others are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Machine {
    /// The fastest way that this processor has.
    pub fn best() -> Self {
        static BEST: LazyLock<Machine> = LazyLock::new(|| {
            Machine::all()
                .into_iter()
                .last()
                .unwrap_or(Machine::Portable)
        });
        *BEST
    }

    /// Every way that this processor has, the portable one first, the fastest last.
    pub fn all() -> Vec<Self> {
        let mut found = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Self::Avx2);
            }
            if is_x86_feature_detected!("avx512f") {
                found.push(Self::Avx512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            found.push(Self::Neon);
        }
        found
    }

    /// The name it is reported under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2+fma",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512f",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
        }
    }

    /// How many numbers it computes with at once.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Portable => 8,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 8,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 16,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => 4,
        }
    }
}
