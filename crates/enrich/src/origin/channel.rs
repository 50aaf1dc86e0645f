//! Channels: the rules of Google Analytics 4's default channel group with AI assistants beside.

use super::sources::SourceKind;

/// What the rules look at. Texts are in lower case; `None` is nothing told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Evidence<'a> {
    pub source: Option<&'a str>,
    pub kind: Option<SourceKind>,
    pub medium: Option<&'a str>,
    pub campaign: Option<&'a str>,
    /// Any part of a campaign or the id of a paid click was sent.
    pub tagged: bool,
}

/// The first rule that fits names the channel. Definitions: `docs/metrics.md`.
pub(crate) fn channel(evidence: Evidence<'_>) -> &'static str {
    use SourceKind::*;
    let Evidence {
        source,
        kind,
        medium,
        campaign,
        ..
    } = evidence;
    let medium = medium.unwrap_or("");
    let source = source.unwrap_or("");
    let campaign = campaign.unwrap_or("");
    let paid = is_paid(medium);
    let shopping = kind == Some(Shopping) || is_shopping_campaign(campaign);
    let rules = [
        (is_direct(evidence), "Direct"),
        (campaign.contains("cross-network"), "Cross-network"),
        (paid && shopping, "Paid Shopping"),
        (paid && kind == Some(Search), "Paid Search"),
        (paid && kind == Some(Social), "Paid Social"),
        (paid && kind == Some(Video), "Paid Video"),
        (DISPLAY_MEDIA.contains(&medium), "Display"),
        (paid, "Paid Other"),
        (shopping, "Organic Shopping"),
        (
            kind == Some(Social) || SOCIAL_MEDIA.contains(&medium),
            "Organic Social",
        ),
        (
            kind == Some(Video) || medium.contains("video"),
            "Organic Video",
        ),
        (kind == Some(Assistant), "AI Assistant"),
        (
            kind == Some(Search) || medium == "organic",
            "Organic Search",
        ),
        (EMAIL.contains(&source) || EMAIL.contains(&medium), "Email"),
        (medium == "affiliate", "Affiliates"),
        (["referral", "app", "link"].contains(&medium), "Referral"),
        (medium == "audio", "Audio"),
        (source == "sms" || medium == "sms", "SMS"),
        (is_push(source, medium), "Mobile Push"),
    ];
    rules
        .into_iter()
        .find(|(fits, _)| *fits)
        .map_or("Unassigned", |(_, channel)| channel)
}

const DISPLAY_MEDIA: [&str; 5] = ["display", "banner", "expandable", "interstitial", "cpm"];
const SOCIAL_MEDIA: [&str; 6] = [
    "social",
    "social-network",
    "social-media",
    "sm",
    "social network",
    "social media",
];
const EMAIL: [&str; 4] = ["email", "e-mail", "e_mail", "e mail"];

/// Nothing tells where the visit came from, or a tag says in so many words that it is direct.
fn is_direct(evidence: Evidence<'_>) -> bool {
    match (evidence.source, evidence.medium) {
        (None, None) => !evidence.tagged,
        (Some("(direct)"), None | Some("(none)" | "(not set)")) => true,
        _ => false,
    }
}

fn is_paid(medium: &str) -> bool {
    medium.contains("cp")
        || medium == "ppc"
        || medium == "retargeting"
        || medium.starts_with("paid")
}

/// `shop` at the beginning or after anything but a letter other than e (`eshop`, not `workshop`),
/// or `shopping` anywhere.
fn is_shopping_campaign(campaign: &str) -> bool {
    campaign.contains("shopping")
        || campaign.match_indices("shop").any(|(at, _)| {
            let before = campaign.get(..at).and_then(|before| before.bytes().last());
            before.is_none_or(|byte| byte == b'e' || !byte.is_ascii_lowercase())
        })
}

fn is_push(source: &str, medium: &str) -> bool {
    medium.ends_with("push")
        || medium.contains("mobile")
        || medium.contains("notification")
        || source == "firebase"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shops_are_told_from_workshops() {
        for campaign in [
            "shop",
            "eshop",
            "my-shop sale",
            "shop_2",
            "2shop",
            "workshopping",
            "éshop",
        ] {
            assert!(is_shopping_campaign(campaign), "{campaign}");
        }
        for campaign in ["", "workshop", "bishop", "sho", "photoshop"] {
            assert!(!is_shopping_campaign(campaign), "{campaign}");
        }
    }
}
