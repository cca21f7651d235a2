//! Who is in a picture, read from its file name or folder, and believed only when every labelled pair agrees.

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;

use crate::evaluation::pairs::PairList;

/// How the names were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NamingRule {
    /// `Some_Name_0001.jpg`: what stands before the last underscore or hyphen and the number.
    FileName,
    /// `Some_Name/anything.jpg`: the folder that the picture lies in.
    Folder,
}

/// One identity number for each picture of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identities {
    pub rule: NamingRule,
    pub of_picture: Vec<usize>,
    pub count: usize,
}

/// Why the names say nothing, in one sentence for the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDerivable(pub String);

/// Tries the rules in turn; one holds when it names every picture, finds two people at least, has
/// some pair of one person to show for it, and contradicts no label.
pub fn derive(list: &PairList) -> Result<Identities, NotDerivable> {
    if !list.pairs.iter().any(|pair| pair.same) {
        return Err(NotDerivable(
            "no pair of one person is listed, so nothing could confirm identities read from names"
                .to_owned(),
        ));
    }
    let mut reasons = Vec::new();
    for (rule, what) in [
        (NamingRule::FileName, "file names"),
        (NamingRule::Folder, "folders"),
    ] {
        match try_rule(list, rule) {
            Ok(identities) => return Ok(identities),
            Err(reason) => reasons.push(format!("{what}: {reason}")),
        }
    }
    Err(NotDerivable(reasons.join("; ")))
}

fn try_rule(list: &PairList, rule: NamingRule) -> Result<Identities, String> {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut of_picture = Vec::with_capacity(list.pictures.len());
    for (place, picture) in list.pictures.iter().enumerate() {
        let name = name_in(picture, rule)
            .ok_or_else(|| format!("picture {} of the list carries no name", place + 1))?;
        let next = numbers.len();
        of_picture.push(*numbers.entry(name).or_insert(next));
    }
    if numbers.len() < 2 {
        return Err("only one name is found".to_owned());
    }
    for pair in &list.pairs {
        if (of_picture[pair.a] == of_picture[pair.b]) != pair.same {
            return Err(format!("line {} contradicts the names", pair.line));
        }
    }
    Ok(Identities {
        rule,
        of_picture,
        count: numbers.len(),
    })
}

fn name_in(picture: &str, rule: NamingRule) -> Option<String> {
    let path = Path::new(picture);
    match rule {
        NamingRule::FileName => {
            let stem = path.file_stem()?.to_str()?;
            let name = stem.trim_end_matches(|c: char| c.is_ascii_digit());
            let numbered = name.len() < stem.len();
            let name = name.strip_suffix(['_', '-'])?;
            (numbered && !name.is_empty()).then(|| name.to_owned())
        }
        NamingRule::Folder => {
            let folder = path.parent()?.to_str()?;
            (!folder.is_empty()).then(|| folder.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::pairs::read;

    fn derived(text: &str) -> Result<Identities, NotDerivable> {
        derive(&read(text.as_bytes()).unwrap())
    }

    #[test]
    fn numbered_file_names_carry_the_identity() {
        let found = derived(
            "a,b,same\ni/Ann_Lee_0001.jpg,i/Ann_Lee_0002.jpg,1\ni/Ann_Lee_0002.jpg,i/Bo_0001.jpg,0\n",
        )
        .unwrap();
        assert_eq!(found.rule, NamingRule::FileName);
        assert_eq!((found.of_picture, found.count), (vec![0, 0, 1], 2));
    }

    #[test]
    fn folders_carry_it_when_file_names_do_not() {
        let found =
            derived("a,b,same\nann/card.jpg,ann/selfie.jpg,1\nann/card.jpg,bo/card.jpg,0\n");
        let found = found.unwrap();
        assert_eq!(found.rule, NamingRule::Folder);
        assert_eq!(found.of_picture, [0, 0, 1]);
    }

    #[test]
    fn a_name_that_a_label_contradicts_is_not_believed() {
        let reason = derived("a,b,same\nimg_1.jpg,img_2.jpg,1\nimg_1.jpg,img_3.jpg,0\n");
        let NotDerivable(reason) = reason.unwrap_err();
        assert!(reason.contains("only one name"), "{reason}");
        let reason = derived("a,b,same\nx_1.jpg,y_1.jpg,1\nx_1.jpg,x_2.jpg,0\n");
        let NotDerivable(reason) = reason.unwrap_err();
        assert!(reason.contains("line 2 contradicts"), "{reason}");
    }

    #[test]
    fn without_a_pair_of_one_person_nothing_confirms_the_names() {
        let NotDerivable(reason) = derived("a,b,same\nx_1.jpg,y_1.jpg,0\n").unwrap_err();
        assert!(reason.contains("confirm"), "{reason}");
    }

    #[test]
    fn a_name_needs_its_number_and_its_separator() {
        assert_eq!(name_in("x/0001.jpg", NamingRule::FileName), None);
        assert_eq!(name_in("x/Ann.jpg", NamingRule::FileName), None);
        assert_eq!(name_in("x/Ann7.jpg", NamingRule::FileName), None);
        assert_eq!(name_in("x/_7.jpg", NamingRule::FileName), None);
        assert_eq!(
            name_in("x/Ann-12.jpg", NamingRule::FileName).as_deref(),
            Some("Ann")
        );
        assert_eq!(name_in("plain.jpg", NamingRule::Folder), None);
    }
}
