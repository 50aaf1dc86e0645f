//! Forms that count once, though their answers are asked for again.
//!
//! What such a form makes is shown on the page that answers it, secrets among it, and never again.
//! Whoever loads that page anew sends the form a second time: it then makes nothing more.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{Markup, html};

use crate::call::Call;

const FIELD: &str = "once";
/// Forms that are remembered; the oldest are forgotten first.
const MOST: usize = 10_000;
/// Bytes of what tells forms apart.
const LENGTH: usize = 43;

/// Which forms have been taken.
#[derive(Default)]
pub(crate) struct Taken(Mutex<Forms>);

#[derive(Default)]
struct Forms {
    known: HashSet<String>,
    by_age: VecDeque<String>,
}

/// Tells this form from every other.
pub(crate) fn field(call: &Call) -> Markup {
    html! { input type="hidden" name=(FIELD) value=(URL_SAFE_NO_PAD.encode(call.random())); }
}

/// Whether the form comes for the first time. One that doesn't say which it is does.
pub(crate) fn is_first(call: &Call) -> bool {
    let form = call.form.get(FIELD);
    form.len() != LENGTH || call.site.taken.note(form)
}

impl Taken {
    fn note(&self, form: &str) -> bool {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !forms.known.insert(form.to_owned()) {
            return false;
        }
        forms.by_age.push_back(form.to_owned());
        if forms.by_age.len() > MOST
            && let Some(oldest) = forms.by_age.pop_front()
        {
            forms.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let taken = Taken::default();
        assert!(taken.note("first") && !taken.note("first"));
        for number in 0..MOST {
            assert!(taken.note(&number.to_string()));
        }
        assert!(taken.note("first"));
        let forms = taken.0.lock().unwrap();
        assert_eq!((forms.known.len(), forms.by_age.len()), (MOST, MOST));
    }
}
