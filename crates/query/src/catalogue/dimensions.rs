//! What dimensions mean.

use afsa_store::Dimension::{self, *};

/// One line for people.
#[rustfmt::skip]
pub(super) fn describe(dimension: Dimension) -> String {
    let description = match dimension {
        Channel => "Channel of the visit, by the rules of Google Analytics 4 and `AI Assistant`",
        Source => "Where the visit came from: its tag, else the engine, network, assistant or host",
        Referrer => "Address of the page that linked here, without its query",
        ReferrerHost => "Host of the page that linked here",
        SearchEngine => "Search engine that the visit came from",
        Keyword => "Words searched for, where the engine tells them",
        SocialNetwork => "Social network that the visit came from",
        AiAssistant => "AI assistant that the visit came from",
        Campaign => "Name of the campaign (utm_campaign)",
        CampaignSource => "Source of the campaign (utm_source)",
        CampaignMedium => "Medium of the campaign (utm_medium)",
        CampaignTerm => "Term of the campaign (utm_term)",
        CampaignContent => "Content of the campaign (utm_content)",
        CampaignId => "Id of the campaign (utm_id)",
        EntryPage => "First page of the visit",
        ExitPage => "Last page of the visit",
        Hostname => "Host of the site that was visited",
        Country => "Country of the visit, as two letters",
        Region => "Region of the visit",
        City => "City of the visit",
        Continent => "Continent of the visit, as two letters",
        Language => "Language of the browser",
        Device => "Kind of machine: desktop, smartphone, tablet …",
        DeviceBrand => "Maker of the machine",
        DeviceModel => "Model of the machine",
        Browser => "Browser",
        BrowserVersion => "Version of the browser",
        Os => "Operating system",
        OsVersion => "Version of the operating system",
        Screen => "Size of the screen in pixels",
        Viewport => "Size of the window's inside in pixels",
        Cms => "System that emits the site's pages",
        VisitorType => "`new` for visitors' first visits ever, else `returning`",
        VisitNumber => "How many-th visit of its visitor it is",
        DaysSinceLastVisit => {
            "Whole days from the start of the visitor's visit before to this one's; null for the first"
        }
        UserId => "The site's own id of the person",
        UserRole => "The site's own role of the person",
        Page => "Path of a page, with the parameters that the account keeps",
        PageTitle => "Title of a page",
        ContentGroup(number) => return format!("Content group {number} of a page"),
        Custom(number) => return format!("Value {number} of the site's own"),
        EventCategory => "Category of an event",
        EventAction => "Action of an event",
        EventLabel => "Label of an event",
        EventType => "Type of an event",
        EventUrl => "Address that an event is about",
        Goal => "Name of a goal that was met",
        ProductSku => "Id of a product",
        Product => "Name of a product, as told last",
        Brand => "Brand of a product",
        Category => "Category of a product with all its levels",
        CategoryLevel(number) => return format!("Level {number} of a product's category"),
        Variant => "Variant of a product",
        ProductList => "List that showed a product",
        ListPosition => "Position of a product in its list",
        Coupon => "Coupon of an order or a product in it",
        Affiliation => "Shop or partner that took an order",
        Currency => "Currency of an order, as sent",
        OrderId => "Id of an order",
        OrderState => "State of an order: pending, completed or cancelled",
        Customer => {
            "Who ordered: the user known by then, else the visitor; of an order that tells neither, \
            the order itself"
        }
        BuyerType => "`new` for the customer's first order ever, else `repeat`",
        PurchaseDays => "Whole days from the visitor's first known visit to the order",
        PurchaseVisits => "Number of the visitor's visits up to the order, the order's included",
        CheckoutStep => "Step of the checkout",
        CheckoutOption => "What was chosen in a step of the checkout",
        Promotion => "Name of a promotion, else its id",
        PromotionCreative => "Creative of a promotion",
        PromotionPosition => "Position of a promotion",
        // Axes have no name of their own: `Breakdown` describes time.
        Time(_) => "Time",
        HourOfDay => "Hour of the day, 0–23",
        DayOfWeek => "Day of the week, 1 (Monday) – 7",
    };
    description.to_owned()
}
