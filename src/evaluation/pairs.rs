//! Reads a list of labelled picture pairs: a CSV file with the columns a, b, same and, if wanted, fold.

use std::collections::HashMap;
use std::io::Read;

use thiserror::Error;

/// One line of the list; `a` and `b` are places in [`PairList::pictures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub a: usize,
    pub b: usize,
    pub same: bool,
    pub fold: Option<u32>,
    pub line: u64,
}

/// The pairs in their order, and every picture they name once, in the order of first mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairList {
    pub pairs: Vec<Pair>,
    pub pictures: Vec<String>,
}

/// Why a list is not read; every message says where to look.
#[derive(Debug, Error)]
pub enum PairsError {
    #[error(
        "line 1: the column `{name}` is missing; the first line must name a, b, same and, if wanted, fold"
    )]
    MissingColumn { name: &'static str },
    #[error(
        "line 1: the column `{name}` is not known; the columns are a, b, same and, if wanted, fold"
    )]
    UnknownColumn { name: String },
    #[error("line 1: the column `{name}` is there twice")]
    DoubleColumn { name: String },
    #[error("line {line}: {reason}")]
    BadLine { line: u64, reason: String },
    #[error("the list holds no pair")]
    Empty,
    #[error("the list cannot be read")]
    Read(#[source] csv::Error),
}

/// Reads the whole list, or names the first line that is wrong and why.
pub fn read(source: impl Read) -> Result<PairList, PairsError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(source);
    let columns = Columns::find(reader.headers().map_err(csv_error)?)?;
    let mut building = Building::default();
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        let line = record.position().map_or(0, csv::Position::line);
        building
            .add(&columns, &record, line)
            .map_err(|reason| PairsError::BadLine { line, reason })?;
    }
    if building.list.pairs.is_empty() {
        return Err(PairsError::Empty);
    }
    Ok(building.list)
}

struct Columns {
    a: usize,
    b: usize,
    same: usize,
    fold: Option<usize>,
}

impl Columns {
    fn find(header: &csv::StringRecord) -> Result<Self, PairsError> {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, name) in header.iter().enumerate() {
            let name = name.to_ascii_lowercase();
            if !matches!(name.as_str(), "a" | "b" | "same" | "fold") {
                return Err(PairsError::UnknownColumn { name });
            }
            if places.insert(name.clone(), place).is_some() {
                return Err(PairsError::DoubleColumn { name });
            }
        }
        let place = |name: &'static str| {
            let found = places.get(name).copied();
            found.ok_or(PairsError::MissingColumn { name })
        };
        Ok(Self {
            a: place("a")?,
            b: place("b")?,
            same: place("same")?,
            fold: places.get("fold").copied(),
        })
    }
}

#[derive(Default)]
struct Building {
    list: PairList,
    places: HashMap<String, usize>,
    seen: HashMap<(usize, usize), u64>,
}

impl Building {
    fn add(
        &mut self,
        columns: &Columns,
        record: &csv::StringRecord,
        line: u64,
    ) -> Result<(), String> {
        let text = |place: usize| record.get(place).unwrap_or_default();
        let a = self.picture(text(columns.a), 'a')?;
        let b = self.picture(text(columns.b), 'b')?;
        if a == b {
            return Err("a picture is paired with itself, which measures nothing".to_owned());
        }
        let same = parse_same(text(columns.same))?;
        let fold = columns.fold.map(|place| parse_fold(text(place)));
        let key = (a.min(b), a.max(b));
        if let Some(before) = self.seen.insert(key, line) {
            return Err(format!(
                "the same two pictures are paired on line {before} already"
            ));
        }
        self.list.pairs.push(Pair {
            a,
            b,
            same,
            fold: fold.transpose()?,
            line,
        });
        Ok(())
    }

    fn picture(&mut self, name: &str, column: char) -> Result<usize, String> {
        if name.is_empty() {
            return Err(format!("the column {column} names no picture"));
        }
        if let Some(&place) = self.places.get(name) {
            return Ok(place);
        }
        let place = self.list.pictures.len();
        self.list.pictures.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }
}

fn parse_same(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Ok(true),
        "0" | "false" | "no" => Ok(false),
        _ => Err(format!("`same` is `{text}`; write 1 or 0")),
    }
}

fn parse_fold(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("`fold` is `{text}`; write a whole number from 0"))
}

fn csv_error(error: csv::Error) -> PairsError {
    let line = error.position().map_or(0, csv::Position::line);
    let reason = if let csv::ErrorKind::UnequalLengths {
        expected_len, len, ..
    } = error.kind()
    {
        format!("{len} columns where the first line has {expected_len}")
    } else if let csv::ErrorKind::Utf8 { .. } = error.kind() {
        "the text is not UTF-8".to_owned()
    } else {
        return PairsError::Read(error);
    };
    PairsError::BadLine { line, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn reads_pairs_and_every_picture_once() {
        let list = read("a,b,same,fold\nx.jpg,y.jpg,1,0\ny.jpg,z.jpg,0,3\n".as_bytes()).unwrap();
        assert_eq!(list.pictures, ["x.jpg", "y.jpg", "z.jpg"]);
        let expected = Pair {
            a: 1,
            b: 2,
            same: false,
            fold: Some(3),
            line: 3,
        };
        assert_eq!(list.pairs[1], expected);
        assert!(list.pairs[0].same);
    }

    #[test]
    fn columns_come_in_any_order_with_or_without_a_byte_order_mark() {
        let list = read("\u{feff}Same, b ,a\nno, q , p \n".as_bytes()).unwrap();
        assert_eq!(list.pictures, ["p", "q"]);
        assert_eq!((list.pairs[0].same, list.pairs[0].fold), (false, None));
    }

    #[test]
    fn each_bad_line_is_named_with_its_reason() {
        assert!(refusal("a,b\nx,y\n").contains("`same` is missing"));
        assert!(refusal("a,b,same,folds\nx,y,1,2\n").contains("`folds` is not known"));
        assert!(refusal("a,b,same,a\nx,y,1,x\n").contains("`a` is there twice"));
        assert_eq!(refusal("a,b,same\n"), "the list holds no pair");
        assert!(refusal("").contains("missing"));
        assert!(refusal("a,b,same\nx,y,1\nx,z,maybe\n").starts_with("line 3: `same` is `maybe`"));
        assert!(refusal("a,b,same,fold\nx,y,1,-1\n").starts_with("line 2: `fold` is `-1`"));
        assert!(refusal("a,b,same\n,y,1\n").starts_with("line 2: the column a names no picture"));
        assert!(
            refusal("a,b,same\nx,x,1\n").starts_with("line 2: a picture is paired with itself")
        );
        assert!(
            refusal("a,b,same\nx,y,1\ny,x,0\n")
                .starts_with("line 3: the same two pictures are paired on line 2")
        );
        assert!(refusal("a,b,same\nx,y,1\nx,y\n").starts_with("line 3: 2 columns where"));
        let bytes: &[u8] = b"a,b,same\nx,y,1\nx,\xff\xfe,1\n";
        let error = read(bytes).unwrap_err().to_string();
        assert!(
            error.starts_with("line 3: the text is not UTF-8"),
            "{error}"
        );
    }
}
