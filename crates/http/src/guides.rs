//! Pages to read beside the interactive reference, in one frame.

use std::fmt::Write;

use crate::sdk;

/// A page of `/docs/guides/`.
pub(crate) struct Guide {
    pub path: &'static str,
    title: &'static str,
    text: &'static str,
}

macro_rules! guide {
    ($name:literal, $title:literal) => {
        Guide {
            path: concat!("/docs/guides/", $name, ".html"),
            title: $title,
            text: include_str!(concat!("../pages/guides/", $name, ".html")),
        }
    };
}

/// In the order in which they are read.
pub(crate) const GUIDES: [Guide; 9] = [
    guide!("quick-start", "Quick start"),
    guide!("keys", "Keys"),
    guide!("oauth", "OAuth with PKCE"),
    guide!("statistics", "Statistics by example"),
    guide!("orders", "Orders, products, customers"),
    guide!("batch", "Many questions at once"),
    guide!("rates", "Rates of exchange"),
    guide!("errors", "Errors and limits"),
    guide!("importing", "Importing history"),
];

/// The icon, as an address that loads nothing.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
    %3Cpath fill='%23107c5a' d='M1 10h3v5H1zm5-4h3v9H6zm5-5h3v14h-3z'/%3E%3C/svg%3E";

impl Guide {
    pub(crate) fn page(&self) -> String {
        framed(self.path, self.title, self.text)
    }
}

/// A whole page: the ways to the others, a title, and the text.
pub(crate) fn framed(path: &str, title: &str, text: &str) -> String {
    let mut ways = String::from("<a href=\"/docs\">Reference</a>\n");
    let guides = GUIDES.iter().map(|guide| (guide.path, guide.title));
    for (way, title) in guides.chain([(sdk::PATH, "Generated clients")]) {
        let here = if way == path {
            " aria-current=\"page\""
        } else {
            ""
        };
        let _ = writeln!(ways, "<a href=\"{way}\"{here}>{title}</a>");
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>afsa – {title}</title>\n<link rel=\"icon\" href=\"{ICON}\">\n\
         <link rel=\"stylesheet\" href=\"/docs/assets/guides.css\">\n</head>\n<body>\n\
         <nav aria-label=\"Documentation\">\n{ways}</nav>\n<main>\n<h1>{title}</h1>\n{text}</main>\n\
         </body>\n</html>\n"
    )
}
