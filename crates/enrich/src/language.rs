//! Languages that browsers ask for.

use std::borrow::Cow;

/// The preferred language of a header or property (`en-GB,en;q=0.9`) as `en-GB`: the language in
/// lower case, the region in upper case, without script and variant. `None` if there is none.
pub fn language(sent: &str) -> Option<Cow<'_, str>> {
    let mut best: Option<(Cow<'_, str>, f32)> = None;
    for range in sent.split(',') {
        let mut parts = range.split(';');
        let Some(tag) = parts.next().and_then(|tag| normalised(tag.trim())) else {
            continue;
        };
        let quality = parts
            .find_map(|part| part.trim().strip_prefix("q=")?.trim().parse::<f32>().ok())
            .unwrap_or(1.0);
        // The first of equals is the preferred one; no browser means a tag of quality 0.
        if quality > best.as_ref().map_or(0.0, |(_, quality)| *quality) {
            let is_certain = quality >= 1.0;
            best = Some((tag, quality));
            if is_certain {
                break;
            }
        }
    }
    best.map(|(tag, _)| tag)
}

fn normalised(tag: &str) -> Option<Cow<'_, str>> {
    // Systems write locales as en_GB.UTF-8.
    let tag = tag.split(['.', '@']).next().unwrap_or("");
    // What follows a single letter is an extension (`en-u-ca-gregory`), not a region.
    let mut subtags = tag.split(['-', '_']).take_while(|subtag| subtag.len() != 1);
    let language = subtags.next().filter(|language| is_language(language))?;
    let Some(region) = subtags.find(|subtag| is_region(subtag)) else {
        return Some(crate::address::lower_case(language));
    };
    let is_normal = tag.len() == language.len() + 1 + region.len()
        && tag.as_bytes().get(language.len()) == Some(&b'-')
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && !region.bytes().any(|byte| byte.is_ascii_lowercase());
    if is_normal {
        return Some(Cow::Borrowed(tag));
    }
    Some(
        format!(
            "{}-{}",
            language.to_ascii_lowercase(),
            region.to_ascii_uppercase()
        )
        .into(),
    )
}

fn is_language(subtag: &str) -> bool {
    (2..=3).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Two letters, or the three digits of a part of the world (`es-419`).
fn is_region(subtag: &str) -> bool {
    match subtag.len() {
        2 => subtag.bytes().all(|byte| byte.is_ascii_alphabetic()),
        3 => subtag.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_preferred_language() {
        let check = |sent: &str, expect: &str| {
            assert_eq!(language(sent).as_deref().unwrap_or(""), expect, "{sent:?}");
        };
        check("en-GB,en;q=0.9", "en-GB");
        check("en-gb", "en-GB");
        check("FR", "fr");
        check("de;q=0.5,fr-CH;q=0.8,*;q=0.1", "fr-CH");
        check("zh-Hant-TW", "zh-TW");
        check("zh-Hant", "zh");
        check("es-419", "es-419");
        check("pt_BR.UTF-8", "pt-BR");
        check("sr-Latn-RS-x-private", "sr-RS");
        check("fil-PH", "fil-PH");
        check("en-u-ca-gregory", "en");
        check("en;q=0", "");
        check("en;q=x", "en");
        check("en;q=NaN,fr", "fr");
        check("*", "");
        check("", "");
        check("C", "");
        check("<script>", "");
        check(",;,=;q=,é-É", "");
        check(" en-US ; q=0.3 , da ", "da");
    }
}
