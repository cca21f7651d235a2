//! Intel's matrix tiles: whether the processor and the system lend them, and one product of two strips.
//!
//! A tile is 16 rows of 64 bytes. The tiles of numbers with 8 bits of mantissa are multiplied and summed with 24.

#![expect(
    unsafe_code,
    reason = "the tiles have no stable functions: they are spoken to in the processor's own words"
)]

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, __m512, _mm512_cvtneps_pbh, _mm512_loadu_ps};
use std::sync::LazyLock;

/// Pixels of a product of strips: two tiles' rows.
pub(crate) const PIXELS: usize = 32;
/// Outputs of a product of strips: two tiles' columns.
pub(crate) const OUTPUTS: usize = 32;
/// Inputs that one pair of tiles multiplies.
pub(crate) const INPUTS: usize = 32;

/// Whether tiles of short numbers can be used by this program.
pub(crate) fn present() -> bool {
    static PRESENT: LazyLock<bool> = LazyLock::new(|| {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bf16")
            && in_the_processor()
            && lent_by_the_system()
    });
    *PRESENT
}

fn in_the_processor() -> bool {
    // Leaf 7 tells of tiles of short numbers (bit 22) and of tiles at all (bit 24).
    const BOTH: u32 = 1 << 22 | 1 << 24;
    __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & BOTH == BOTH
}

/// Linux gives a program the room for tiles only once it has asked.
#[cfg(target_os = "linux")]
fn lent_by_the_system() -> bool {
    const REQUEST: libc::c_long = 0x1023;
    const TILE_DATA: libc::c_long = 18;
    // SAFETY: the call takes two numbers and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST, TILE_DATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn lent_by_the_system() -> bool {
    false
}

/// How the tiles are divided: all eight of 16 rows and 64 bytes.
#[repr(C, align(64))]
struct Shape {
    palette: u8,
    first_row: u8,
    reserved: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

static SHAPE: Shape = Shape {
    palette: 1,
    first_row: 0,
    reserved: [0; 14],
    bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The tiles in use by this thread; they are given back at the end, as they make a switch of threads dearer.
pub(crate) struct Tiles(());

impl Tiles {
    /// # Safety
    /// They are [`present`].
    pub(crate) unsafe fn take() -> Self {
        // SAFETY: the caller's; the shape is one that palette 1 allows.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const SHAPE, options(nostack, readonly));
        }
        Self(())
    }

    /// `sums` (32 pixels × 32 outputs) = `numbers` (32 pixels, `step` apart) × `weights`, over `steps` × 32 inputs.
    ///
    /// # Safety
    /// All three are as large as that.
    #[expect(clippy::unused_self, reason = "who has it has the tiles")]
    pub(crate) unsafe fn multiply(
        &self,
        numbers: *const u16,
        step: usize,
        weights: *const u16,
        steps: usize,
        sums: *mut f32,
    ) {
        // SAFETY: the caller's.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "2:",
                "tileloadd tmm4, [{upper} + {step}]",
                "tileloadd tmm6, [{weights} + {row}]",
                "tileloadd tmm7, [{weights} + {row} + 1024]",
                "tileloadd tmm5, [{lower} + {step}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {upper}, 64",
                "add {lower}, 64",
                "add {weights}, 2048",
                "dec {steps}",
                "jnz 2b",
                "add {row}, {row}",
                "tilestored [{sums} + {row}], tmm0",
                "tilestored [{sums} + {row} + 64], tmm1",
                "tilestored [{sums} + {row} + 2048], tmm2",
                "tilestored [{sums} + {row} + 2112], tmm3",
                upper = inout(reg) numbers => _,
                lower = inout(reg) numbers.add(16 * step) => _,
                step = in(reg) step * size_of::<u16>(),
                weights = inout(reg) weights => _,
                row = inout(reg) 64_usize => _,
                steps = inout(reg) steps => _,
                sums = in(reg) sums,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: whoever took them had found them.
        unsafe { asm!("tilerelease", options(nostack, nomem)) }
    }
}

/// Shortens sixteen numbers after sixteen, to the nearest with 8 bits of mantissa.
///
/// # Safety
/// Tiles are [`present`]; both sides have `count` numbers, a multiple of sixteen.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(crate) unsafe fn shorten(from: *const f32, to: *mut u16, count: usize) {
    for at in (0..count).step_by(16) {
        // SAFETY: the caller's.
        unsafe {
            let numbers: __m512 = _mm512_loadu_ps(from.add(at));
            let short = _mm512_cvtneps_pbh(numbers);
            to.add(at)
                .cast::<[u16; 16]>()
                .write_unaligned(
                    std::mem::transmute::<std::arch::x86_64::__m256bh, [u16; 16]>(short),
                );
        }
    }
}
