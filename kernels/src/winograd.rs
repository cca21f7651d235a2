//! A convolution of 3×3 with fewer products, after Winograd: tiles are bent into another space, multiplied there and bent back.
//!
//! A tile of 4×4 outputs costs 36 products a channel in place of 144, a tile of 2×2 costs 16 in place
//! of 36 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015). The filters are
//! bent once, when they are packed, and grow fourfold or by 16/9: where they would not stay in the second
//! cache while a layer runs, reading them costs more than is won, and the definition is better.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "registers are filled from pointers, by instructions that the processor was asked for"
)]

use std::marker::PhantomData;
use std::ops::Range;
use std::ptr;

use crate::aligned::Aligned;
use crate::block::{self, Reach, Sums};
use crate::buffers::Buffer;
use crate::dense::Filters;
use crate::finish::{Finish, Target};
use crate::lanes::{Kernel, Lanes};
use crate::machine::Machine;
use crate::maps::Maps;
use crate::team;
use crate::tiles::{Four, Tile, Two};

/// Bytes of bent filters that a layer may have.
const SMALL: usize = 1_200_000;
/// Tiles that go through together: their numbers stay in the second cache as well.
const TOGETHER: usize = 28;

/// Filters bent and packed for a machine.
pub(crate) struct Winograd {
    machine: Machine,
    inputs: usize,
    padding: usize,
    vectors: usize,
    blocks: usize,
    four: bool,
    /// Place after place of the bent tile; in each, block after block of outputs; in each, for
    /// every input, the block's weights.
    filters: Aligned,
}

impl Winograd {
    /// None where the definition is the better way.
    pub(crate) fn pack(machine: Machine, filters: &Filters<'_>) -> Option<Self> {
        let Filters {
            inputs,
            outputs,
            geometry,
            ..
        } = *filters;
        let bytes = |places: usize| places * inputs * outputs * size_of::<f32>();
        let fewest = machine.width() / 2;
        if geometry.side != 3 || geometry.stride != 1 || inputs.min(outputs) < fewest {
            return None;
        }
        let four = bytes(Four::READS * Four::READS) <= SMALL;
        if !four && bytes(Two::READS * Two::READS) > SMALL {
            return None;
        }
        let vectors = machine.vectors(outputs);
        let mut packed = Self {
            machine,
            inputs,
            padding: geometry.padding,
            vectors,
            blocks: outputs.div_ceil(machine.width() * vectors),
            four,
            filters: Aligned::default(),
        };
        if four {
            packed.bend::<Four>(filters);
        } else {
            packed.bend::<Two>(filters);
        }
        Some(packed)
    }

    fn bend<T: Tile>(&mut self, filters: &Filters<'_>) {
        let width = self.machine.width() * self.vectors;
        let places = T::READS * T::READS;
        self.filters = Aligned::zeros(places * self.blocks * self.inputs * width);
        for (index, filter) in filters.weights.chunks_exact(9).enumerate() {
            let (output, input) = (index / self.inputs, index % self.inputs);
            for place in 0..places {
                let (down, across) = (place / T::READS, place % T::READS);
                let mut sum = 0.0;
                for (number, weight) in filter.iter().enumerate() {
                    sum += f64::from(*weight)
                        * T::FILTER[down][number / 3]
                        * T::FILTER[across][number % 3];
                }
                let block = place * self.blocks + output / width;
                self.filters[(block * self.inputs + input) * width + output % width] = sum as f32;
            }
        }
    }

    /// Writes what the filters say of `rows` rows and `columns` columns.
    pub(crate) fn run(&self, maps: &Maps, extent: [usize; 2], finish: &Finish, to: Target) {
        if self.four {
            self.run_tiles::<Four>(maps, extent, finish, to);
        } else {
            self.run_tiles::<Two>(maps, extent, finish, to);
        }
    }

    fn run_tiles<T: Tile>(
        &self,
        maps: &Maps,
        [rows, columns]: [usize; 2],
        finish: &Finish,
        to: Target,
    ) {
        let (down, across) = (rows.div_ceil(T::MAKES), columns.div_ceil(T::MAKES));
        let tiles = maps.pictures * down * across;
        let members = team::members();
        // Many tiles: they are shared out. Few: the outputs, so that each thread reads its own weights.
        let shares = if tiles < TOGETHER * members && self.blocks.is_multiple_of(members) {
            members
        } else {
            1
        };
        let strips = tiles.div_ceil(TOGETHER).max((members / shares).min(tiles));
        team::split(strips * shares, |piece| {
            let (strip, share) = (piece / shares, piece % shares);
            self.machine.run(Piece::<T> {
                layer: self,
                maps,
                extent: [rows, columns],
                grid: [down, across],
                finish,
                to,
                tiles: tiles * strip / strips..tiles * (strip + 1) / strips,
                blocks: self.blocks * share / shares..self.blocks * (share + 1) / shares,
                kind: PhantomData,
            });
        });
    }
}

/// Some tiles, and the outputs of some blocks.
struct Piece<'a, T> {
    layer: &'a Winograd,
    maps: &'a Maps,
    extent: [usize; 2],
    /// Tiles from top to bottom and from left to right.
    grid: [usize; 2],
    finish: &'a Finish,
    to: Target,
    /// Counted through all pictures.
    tiles: Range<usize>,
    blocks: Range<usize>,
    kind: PhantomData<T>,
}

impl<T: Tile> Kernel for Piece<'_, T> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let count = self.tiles.len();
        let read = self.layer.inputs.div_ceil(L::WIDTH) * L::WIDTH;
        let made = self.blocks.len() * self.layer.vectors * L::WIDTH;
        let places = T::READS * T::READS;
        let mut bent = Buffer::of(places * count * read);
        let mut products = Buffer::of(places * count * made);
        let mut square = Buffer::of(places * 2 * L::WIDTH);
        let square = square.as_mut_ptr();
        // SAFETY: the caller has found the machine; the buffers have the sizes that are told.
        unsafe {
            for (index, tile) in self.tiles.clone().enumerate() {
                let to = bent.as_mut_ptr().add(index * read);
                self.bend::<L>(tile, square, to, count * read);
            }
            self.multiply::<L>(&bent, read, &mut products, made);
            for (index, tile) in self.tiles.clone().enumerate() {
                let from = products.as_ptr().add(index * made);
                self.unbend::<L>(tile, square, from, count * made);
            }
        }
    }
}

impl<T: Tile> Piece<'_, T> {
    /// Picture, and the first row and column that the tile makes.
    fn place(&self, tile: usize) -> [usize; 3] {
        let [down, across] = self.grid;
        let (picture, tile) = (tile / (down * across), tile % (down * across));
        let corner = [tile / across * T::MAKES, tile % across * T::MAKES];
        [picture, corner[0], corner[1]]
    }

    /// Reads a tile and writes it bent: its places lie `apart` numbers from each other.
    #[inline(always)]
    unsafe fn bend<L: Lanes>(&self, tile: usize, square: *mut f32, to: *mut f32, apart: usize) {
        let [picture, row, column] = self.place(tile);
        let maps = self.maps;
        let (channels, pitch) = (maps.channels, maps.pitch() * maps.channels);
        let corner = maps.at(picture, row, column) - self.layer.padding * (pitch + channels);
        // Rows and columns that there are; the zeros around the picture are among them.
        let reach =
            |length: usize, from: usize| (length + 1 + self.layer.padding - from).min(T::READS);
        let (rows, columns) = (reach(maps.rows, row), reach(maps.columns, column));
        for channel in (0..self.layer.inputs).step_by(L::WIDTH) {
            // SAFETY: what is read lies in the maps, whose last pixel has a vector's room after it; the
            // lanes beyond the last channel are never multiplied.
            unsafe {
                let from = maps.values.as_ptr().add(corner + channel);
                let to = to.add(channel);
                if rows == T::READS && columns == T::READS {
                    bend_square::<L, T>(from, [pitch, channels], square, to, apart);
                } else {
                    let whole = square.add(T::READS * T::READS * L::WIDTH);
                    for place in 0..T::READS * T::READS {
                        let (y, x) = (place / T::READS, place % T::READS);
                        let value = if y < rows && x < columns {
                            L::load(from.add(y * pitch + x * channels))
                        } else {
                            L::splat(0.0)
                        };
                        value.store(whole.add(place * L::WIDTH));
                    }
                    let apart_there = [T::READS * L::WIDTH, L::WIDTH];
                    bend_square::<L, T>(whole, apart_there, square, to, apart);
                }
            }
        }
    }

    /// At each place: the tiles' numbers times the weights.
    #[inline(always)]
    unsafe fn multiply<L: Lanes>(
        &self,
        bent: &[f32],
        read: usize,
        products: &mut [f32],
        made: usize,
    ) {
        let layer = self.layer;
        let count = self.tiles.len();
        let most = layer.machine.pixels(layer.vectors);
        let each = count.div_ceil(count.div_ceil(most));
        let width = layer.vectors * L::WIDTH;
        for place in 0..T::READS * T::READS {
            for (index, block) in self.blocks.clone().enumerate() {
                for at in (0..count).step_by(each) {
                    // SAFETY: both buffers hold a row for each tile at each place, and the filters are
                    // packed in the same order.
                    unsafe {
                        let weights = (place * layer.blocks + block) * layer.inputs * width;
                        let reach = Reach {
                            weights: layer.filters.as_ptr().add(weights),
                            from: bent.as_ptr().add((place * count + at) * read),
                            step: read,
                            lines: 1,
                            line: layer.inputs,
                            pitch: 0,
                        };
                        let to = products
                            .as_mut_ptr()
                            .add((place * count + at) * made + index * width);
                        let sums = Sums {
                            start: ptr::null(),
                            slopes: ptr::null(),
                            adds: false,
                            to,
                            step: made,
                        };
                        block::run::<L>(each.min(count - at), layer.vectors, &reach, &sums);
                    }
                }
            }
        }
    }

    /// Bends a tile's products back, and writes what of it lies on the maps.
    #[inline(always)]
    unsafe fn unbend<L: Lanes>(
        &self,
        tile: usize,
        square: *mut f32,
        from: *const f32,
        apart: usize,
    ) {
        let [picture, row, column] = self.place(tile);
        let [rows, columns] = self.extent;
        let (rows, columns) = ((rows - row).min(T::MAKES), (columns - column).min(T::MAKES));
        let vectors = self.blocks.len() * self.layer.vectors;
        let first = self.blocks.start * self.layer.vectors * L::WIDTH;
        for vector in 0..vectors {
            let channel = first + vector * L::WIDTH;
            // SAFETY: the products are as many; the pixels are this piece's own.
            unsafe {
                let from = from.add(vector * L::WIDTH);
                for y in 0..T::READS {
                    let mut line = line::<L, T>(from.add(y * T::READS * apart), apart);
                    T::unbend(&mut line);
                    for (x, value) in line.into_iter().enumerate().take(T::MAKES) {
                        value.store(square.add((x * T::READS + y) * L::WIDTH));
                    }
                }
                let bias = L::load(self.finish.bias.as_ptr().add(channel));
                for x in 0..columns {
                    let mut line = line::<L, T>(square.add(x * T::READS * L::WIDTH), L::WIDTH);
                    T::unbend(&mut line);
                    for (y, value) in line.into_iter().enumerate().take(T::MAKES) {
                        if y < rows {
                            let pixel = self.to.pixel(picture, row + y, column + x);
                            let sum = value.plus(bias);
                            self.finish.put(sum, channel, self.to.adds, pixel);
                        }
                    }
                }
            }
        }
    }
}

/// Bends a square of vectors whose rows and columns lie `[down, across]` numbers apart, by way of `square`.
#[inline(always)]
unsafe fn bend_square<L: Lanes, T: Tile>(
    from: *const f32,
    [down, across]: [usize; 2],
    square: *mut f32,
    to: *mut f32,
    apart: usize,
) {
    // SAFETY: the caller's; `square` has room for as many vectors as are read.
    unsafe {
        for y in 0..T::READS {
            let mut line = line::<L, T>(from.add(y * down), across);
            T::bend(&mut line);
            for (x, value) in line.into_iter().enumerate().take(T::READS) {
                value.store(square.add((x * T::READS + y) * L::WIDTH));
            }
        }
        for x in 0..T::READS {
            let mut line = line::<L, T>(square.add(x * T::READS * L::WIDTH), L::WIDTH);
            T::bend(&mut line);
            for (y, value) in line.into_iter().enumerate().take(T::READS) {
                value.store(to.add((y * T::READS + x) * apart));
            }
        }
    }
}

/// As many vectors as a tile reads in a line, `apart` numbers from each other.
#[inline(always)]
unsafe fn line<L: Lanes, T: Tile>(from: *const f32, apart: usize) -> [L; 6] {
    // SAFETY: the caller's.
    unsafe {
        let mut line = [L::splat(0.0); 6];
        for (index, value) in line.iter_mut().enumerate().take(T::READS) {
            *value = L::load(from.add(index * apart));
        }
        line
    }
}
