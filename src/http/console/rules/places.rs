//! On which line of a rule file something is wrong: editors know lines, and checks know JSON pointers.

use serde::de::IgnoredAny;

use crate::scoring::rules::Problem;

/// The line of a problem, from 1 on, where one is known.
pub(super) fn line(text: &str, problem: &Problem) -> Option<usize> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return Some(error.line()).filter(|line| *line > 0);
    }
    let steps: Vec<String> = problem.pointer.split('/').skip(1).map(unescaped).collect();
    if steps.is_empty() {
        return None;
    }
    let mut scanner = Scanner { text, at: 0 };
    let at = scanner.find(&steps);
    Some(text.get(..at)?.matches('\n').count() + 1)
}

/// A step of a pointer as it stands in the file.
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// Walks through a text that is JSON.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    /// Where the value lies that the steps lead to, or the last of them that is there.
    fn find(&mut self, steps: &[String]) -> usize {
        self.skip_space();
        let here = self.at;
        let Some((step, rest)) = steps.split_first() else {
            return here;
        };
        let opens = self.peek();
        if opens != Some(b'{') && opens != Some(b'[') {
            return here;
        }
        self.at += 1;
        for index in 0_usize.. {
            self.skip_space();
            if matches!(self.peek(), None | Some(b'}' | b']')) {
                break;
            }
            let is_it = if opens == Some(b'{') {
                let key = self.key();
                key.as_deref() == Some(step)
            } else {
                index.to_string() == *step
            };
            if is_it {
                return self.find(rest);
            }
            self.skip_value();
            self.skip_space();
            if self.peek() == Some(b',') {
                self.at += 1;
            }
        }
        here
    }

    /// Reads a key and the colon behind it.
    fn key(&mut self) -> Option<String> {
        let from = self.at;
        self.skip_string();
        let key = self.text.get(from..self.at)?;
        let key = serde_json::from_str(key).ok();
        self.skip_space();
        self.at += 1;
        key
    }

    fn skip_value(&mut self) {
        self.skip_space();
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                None => return,
                Some(b'"') => self.skip_string(),
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']' | b',') if depth == 0 => return,
                Some(b'}' | b']') => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return;
            }
        }
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::check_rules::check_rules;

    const FILE: &str = "{\n \"na\\\"me\": \"a, ] b\\\"}\",\n \"list\": [\n  {\"x\": [1, 2],\n   \"a/b\": {\"y\": 3}\n  },\n  7\n ]\n}";

    fn of(pointer: &str) -> Option<usize> {
        let problem = Problem {
            pointer: pointer.to_owned(),
            reason: String::new(),
        };
        line(FILE, &problem)
    }

    #[test]
    fn a_pointer_leads_to_its_line() {
        for (pointer, expected) in [
            ("/na\"me", 2),
            ("/list", 3),
            ("/list/0", 4),
            ("/list/0/x/1", 4),
            ("/list/0/a~1b/y", 5),
            ("/list/1", 7),
            // What is not there is missed where it should be.
            ("/list/0/z", 4),
            ("/list/9/x", 3),
        ] {
            assert_eq!(of(pointer), Some(expected), "{pointer}");
        }
        assert_eq!(of(""), None);
    }

    #[test]
    fn what_is_no_json_breaks_off_on_a_line() {
        let text = "{\n \"name\": \"t\",\n}";
        let problems = check_rules(text).problems;
        assert_eq!(line(text, &problems[0]), Some(3));
    }

    #[test]
    fn no_text_and_no_pointer_lead_it_astray() {
        for text in ["", "{", "[", "\"", "7", "{\"a\":", "[[[[", "{\"a\\\":1}"] {
            for pointer in ["", "/a", "/0/0/0", "/a/b"] {
                let problem = Problem {
                    pointer: pointer.to_owned(),
                    reason: String::new(),
                };
                line(text, &problem);
                Scanner { text, at: 0 }.find(&["a".to_owned()]);
            }
        }
    }
}
