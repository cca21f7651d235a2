//! Several numbers that are computed with at once, as wide as the processor has them.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "each function is one instruction of the processor, which the compiler offers as unsafe"
)]

#[cfg(target_arch = "aarch64")]
use std::arch::aarch64 as arm;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64 as x86;

use crate::block::{self, Reach, Sums};
use crate::machine::Machine;

/// A row of numbers. Every function asks for the processor feature of its type, which
/// [`crate::machine::Machine`] has found, and for pointers to as many numbers as it is wide.
pub(crate) trait Lanes: Copy {
    const WIDTH: usize;

    /// The same number everywhere.
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// `self + a * b`.
    unsafe fn plus_product(self, a: Self, b: Self) -> Self;
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
    unsafe fn least(self, other: Self) -> Self;
    unsafe fn most(self, other: Self) -> Self;
    /// See [`block::multiply`].
    unsafe fn block<const COUNT: usize, const VECTORS: usize>(reach: &Reach, sums: &Sums);
}

/// Work that is written once for all processors.
pub(crate) trait Kernel {
    /// To be inlined, so that it is compiled with the instructions that `L` stands for.
    unsafe fn run<L: Lanes>(self);
}

impl Machine {
    /// Runs the kernel with this machine's lanes.
    pub(crate) fn run(self, kernel: impl Kernel) {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2(kernel: impl Kernel) {
            // SAFETY: the caller has found the machine.
            unsafe { kernel.run::<Avx2>() }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512(kernel: impl Kernel) {
            // SAFETY: as above.
            unsafe { kernel.run::<Avx512>() }
        }
        #[cfg(target_arch = "aarch64")]
        #[target_feature(enable = "neon")]
        unsafe fn neon(kernel: impl Kernel) {
            // SAFETY: as above.
            unsafe { kernel.run::<Neon>() }
        }
        // SAFETY: a machine other than the portable one is only ever made where it was found.
        unsafe {
            match self {
                Self::Portable => kernel.run::<Portable>(),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => avx2(kernel),
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => avx512(kernel),
                #[cfg(target_arch = "aarch64")]
                Self::Neon => neon(kernel),
            }
        }
    }
}

/// Asks for the memory at `place` ahead of its use; it may lie anywhere.
#[inline(always)]
pub(crate) fn prefetch(place: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction never faults.
    unsafe {
        x86::_mm_prefetch::<{ x86::_MM_HINT_T0 }>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// What the compiler makes of plain arithmetic.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 8]);

impl Portable {
    #[inline(always)]
    fn each(self, other: Self, operation: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self.0;
        for (out, other) in out.iter_mut().zip(other.0) {
            *out = operation(*out, other);
        }
        Self(out)
    }
}

impl Lanes for Portable {
    const WIDTH: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller points at eight numbers.
        Self(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller points at room for eight numbers.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn plus_product(self, a: Self, b: Self) -> Self {
        // Not `mul_add`: without the instruction for it that is a call of a function.
        self.each(a.each(b, |a, b| a * b), |sum, product| sum + product)
    }

    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        self.each(other, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn least(self, other: Self) -> Self {
        self.each(other, f32::min)
    }

    #[inline(always)]
    unsafe fn most(self, other: Self) -> Self {
        self.each(other, f32::max)
    }

    #[inline(never)]
    unsafe fn block<const COUNT: usize, const VECTORS: usize>(reach: &Reach, sums: &Sums) {
        // SAFETY: the caller's.
        unsafe { block::multiply::<Self, COUNT, VECTORS>(reach, sums) }
    }
}

/// Writes the lanes of one instruction set: each function is one instruction.
macro_rules! lanes {
    ($(#[$doc:meta])* $name:ident, $feature:literal, $register:ty, $width:literal,
     $splat:path, $load:path, $store:path, $sum:expr, $plus:path, $minus:path, $least:path, $most:path) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name($register);

        impl Lanes for $name {
            const WIDTH: usize = $width;

            // SAFETY, of all below: the caller has seen that the processor has the instruction set,
            // and points at as many numbers as it is wide.
            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                Self(unsafe { $splat(value) })
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                Self(unsafe { $load(from) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                unsafe { $store(to, self.0) }
            }

            #[inline(always)]
            unsafe fn plus_product(self, a: Self, b: Self) -> Self {
                Self(unsafe { $sum(self.0, a.0, b.0) })
            }

            #[inline(always)]
            unsafe fn plus(self, other: Self) -> Self {
                Self(unsafe { $plus(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn minus(self, other: Self) -> Self {
                Self(unsafe { $minus(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn least(self, other: Self) -> Self {
                Self(unsafe { $least(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn most(self, other: Self) -> Self {
                Self(unsafe { $most(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn block<const COUNT: usize, const VECTORS: usize>(reach: &Reach, sums: &Sums) {
                #[inline(never)]
                #[target_feature(enable = $feature)]
                unsafe fn alone<const COUNT: usize, const VECTORS: usize>(reach: &Reach, sums: &Sums) {
                    unsafe { block::multiply::<$name, COUNT, VECTORS>(reach, sums) }
                }
                unsafe { alone::<COUNT, VECTORS>(reach, sums) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
lanes!(
    /// 512 bits of x86-64.
    Avx512, "avx512f", x86::__m512, 16,
    x86::_mm512_set1_ps, x86::_mm512_loadu_ps, x86::_mm512_storeu_ps,
    |sum, a, b| x86::_mm512_fmadd_ps(a, b, sum),
    x86::_mm512_add_ps, x86::_mm512_sub_ps, x86::_mm512_min_ps, x86::_mm512_max_ps
);

#[cfg(target_arch = "x86_64")]
lanes!(
    /// 256 bits of x86-64.
    Avx2, "avx2,fma", x86::__m256, 8,
    x86::_mm256_set1_ps, x86::_mm256_loadu_ps, x86::_mm256_storeu_ps,
    |sum, a, b| x86::_mm256_fmadd_ps(a, b, sum),
    x86::_mm256_add_ps, x86::_mm256_sub_ps, x86::_mm256_min_ps, x86::_mm256_max_ps
);

#[cfg(target_arch = "aarch64")]
lanes!(
    /// 128 bits of ARM.
    Neon, "neon", arm::float32x4_t, 4,
    arm::vdupq_n_f32, arm::vld1q_f32, arm::vst1q_f32,
    |sum, a, b| arm::vfmaq_f32(sum, a, b),
    arm::vaddq_f32, arm::vsubq_f32, arm::vminq_f32, arm::vmaxq_f32
);
