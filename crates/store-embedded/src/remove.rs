//! Letting go of what is older than an account keeps.

use afsa_model::Timestamp;

use crate::account::Account;
use crate::engine::Engine;
use crate::error::Error;
use crate::manifest::Change;

/// Removes what ended before the instant. It is gone from every snapshot at once; segments that
/// hold nothing else go too, others are written anew when an eighth of their span is gone.
pub(crate) fn remove_before(
    engine: &Engine,
    account: &Account,
    before: Timestamp,
) -> Result<(), Error> {
    let _maintenance = account.maintain();
    engine.flush(account)?;
    {
        let mut state = account.state();
        let mut change = Change::of(state.row);
        for part in &state.parts {
            if part.row.last_hit < before {
                change.removed_segments.push(part.row.id);
            } else if part.row.first_hit < before && part.row.removed_before < Some(before) {
                change.removed_before.push((part.row.id, before));
            }
        }
        if change.removed_segments.is_empty() && change.removed_before.is_empty() {
            return Ok(());
        }
        engine.commit(&change)?;
        for part in &mut state.parts {
            if change
                .removed_before
                .iter()
                .any(|(id, _)| *id == part.row.id)
            {
                part.row.removed_before = Some(before);
            }
        }
        state.replace_parts(&change.removed_segments, Vec::new());
    }
    engine.tidy(account);
    Ok(())
}
