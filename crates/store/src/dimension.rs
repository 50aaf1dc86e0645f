//! What figures can be broken down by and filtered on.

use std::fmt;

/// One dimension. Definitions: `docs/metrics.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    // Of the visit: its origin.
    Channel,
    Source,
    Referrer,
    ReferrerHost,
    SearchEngine,
    Keyword,
    SocialNetwork,
    AiAssistant,
    Campaign,
    CampaignSource,
    CampaignMedium,
    CampaignTerm,
    CampaignContent,
    CampaignId,
    // Of the visit: its pages.
    EntryPage,
    ExitPage,
    Hostname,
    // Of the visit: its client.
    Country,
    Region,
    City,
    Continent,
    Language,
    Device,
    DeviceBrand,
    DeviceModel,
    Browser,
    BrowserVersion,
    Os,
    OsVersion,
    Screen,
    Viewport,
    Cms,
    // Of the visit: its visitor.
    /// Text: `new` or `returning`.
    VisitorType,
    /// Number: 1 for the first visit ever.
    VisitNumber,
    /// Number: whole days of 24 hours from the start of the visitor's visit before to this one's
    /// start; null for the first.
    DaysSinceLastVisit,
    UserId,
    UserRole,
    // Of the hit.
    Page,
    PageTitle,
    /// 1–5.
    ContentGroup(u8),
    /// 1–20.
    Custom(u8),
    EventCategory,
    EventAction,
    EventLabel,
    EventType,
    EventUrl,
    /// The goal's name.
    Goal,
    // Of e-commerce.
    ProductSku,
    Product,
    Brand,
    Category,
    /// 1–5: the levels of the category.
    CategoryLevel(u8),
    Variant,
    ProductList,
    /// Number.
    ListPosition,
    Coupon,
    Affiliation,
    Currency,
    OrderId,
    /// Text: `pending`, `completed`, `cancelled`.
    OrderState,
    /// Text: the user who ordered, else `visitor:` and the visitor's key, else `order:` and the id
    /// of the only order that the customer is known by.
    Customer,
    /// Text: `new` for the customer's first order that isn't cancelled, else `repeat`.
    BuyerType,
    /// Number: whole days of 24 hours from the visitor's first known visit to the order.
    PurchaseDays,
    /// Number: the visitor's visits up to the order, the order's included.
    PurchaseVisits,
    /// Number.
    CheckoutStep,
    CheckoutOption,
    Promotion,
    PromotionCreative,
    PromotionPosition,
    // Of time.
    /// Number: the bucket, counted from 0, of the question's axis of this index.
    Time(u8),
    /// Number: 0–23 in the question's zone.
    HourOfDay,
    /// Number: 1 (Monday) – 7 in the question's zone.
    DayOfWeek,
}

/// The kind of thing that a dimension is told of. Two joined dimensions of one kind must meet in
/// one thing; of different kinds they meet in the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Visit,
    /// `page`, `page_title`, `content_group*`: joined by page views.
    PageView,
    /// `dimensionN`: joined by any hit; by page views or events where one of theirs stands beside.
    AnyHit,
    Event,
    Goal,
    ProductRow,
    Promotion,
    Order,
    /// The counted thing's own moment.
    Time,
}

impl Dimension {
    /// The kind of thing that the dimension is told of.
    pub fn kind(self) -> Kind {
        use Dimension::*;
        match self {
            Page | PageTitle | ContentGroup(_) => Kind::PageView,
            Custom(_) => Kind::AnyHit,
            EventCategory | EventAction | EventLabel | EventType | EventUrl => Kind::Event,
            Goal => Kind::Goal,
            ProductSku | Product | Brand | Category | CategoryLevel(_) | Variant | ProductList
            | ListPosition | CheckoutStep | CheckoutOption => Kind::ProductRow,
            Promotion | PromotionCreative | PromotionPosition => Kind::Promotion,
            Coupon | Affiliation | Currency | OrderId | OrderState | Customer | BuyerType
            | PurchaseDays | PurchaseVisits => Kind::Order,
            Time(_) | HourOfDay | DayOfWeek => Kind::Time,
            _ => Kind::Visit,
        }
    }

    /// Whether its values are numbers (else texts).
    pub fn is_number(self) -> bool {
        use Dimension::*;
        matches!(
            self,
            VisitNumber
                | DaysSinceLastVisit
                | ListPosition
                | CheckoutStep
                | PurchaseDays
                | PurchaseVisits
                | Time(_)
                | HourOfDay
                | DayOfWeek
        )
    }

    /// Every dimension but the time axes, in the order of the documentation.
    pub fn all() -> Vec<Dimension> {
        use Dimension::*;
        let mut all = vec![
            Channel,
            Source,
            Referrer,
            ReferrerHost,
            SearchEngine,
            Keyword,
            SocialNetwork,
            AiAssistant,
            Campaign,
            CampaignSource,
            CampaignMedium,
            CampaignTerm,
            CampaignContent,
            CampaignId,
            EntryPage,
            ExitPage,
            Hostname,
            Country,
            Region,
            City,
            Continent,
            Language,
            Device,
            DeviceBrand,
            DeviceModel,
            Browser,
            BrowserVersion,
            Os,
            OsVersion,
            Screen,
            Viewport,
            Cms,
            VisitorType,
            VisitNumber,
            DaysSinceLastVisit,
            UserId,
            UserRole,
            Page,
            PageTitle,
        ];
        all.extend((1..=5).map(ContentGroup));
        all.extend((1..=20).map(Custom));
        all.extend([
            EventCategory,
            EventAction,
            EventLabel,
            EventType,
            EventUrl,
            Goal,
            ProductSku,
            Product,
            Brand,
            Category,
        ]);
        all.extend((1..=5).map(CategoryLevel));
        all.extend([
            Variant,
            ProductList,
            ListPosition,
            Coupon,
            Affiliation,
            Currency,
            OrderId,
            OrderState,
            Customer,
            BuyerType,
            PurchaseDays,
            PurchaseVisits,
            CheckoutStep,
            CheckoutOption,
            Promotion,
            PromotionCreative,
            PromotionPosition,
            HourOfDay,
            DayOfWeek,
        ]);
        all
    }

    /// The dimension of this name, as the API spells it. Time axes have none.
    pub fn by_name(name: &str) -> Option<Dimension> {
        Dimension::all()
            .into_iter()
            .find(|dimension| dimension.to_string() == name)
    }
}

impl fmt::Display for Dimension {
    /// The name that the API uses.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Dimension::*;
        let name = match self {
            Channel => "channel",
            Source => "source",
            Referrer => "referrer",
            ReferrerHost => "referrer_host",
            SearchEngine => "search_engine",
            Keyword => "keyword",
            SocialNetwork => "social_network",
            AiAssistant => "ai_assistant",
            Campaign => "campaign",
            CampaignSource => "campaign_source",
            CampaignMedium => "campaign_medium",
            CampaignTerm => "campaign_term",
            CampaignContent => "campaign_content",
            CampaignId => "campaign_id",
            EntryPage => "entry_page",
            ExitPage => "exit_page",
            Hostname => "hostname",
            Country => "country",
            Region => "region",
            City => "city",
            Continent => "continent",
            Language => "language",
            Device => "device",
            DeviceBrand => "device_brand",
            DeviceModel => "device_model",
            Browser => "browser",
            BrowserVersion => "browser_version",
            Os => "os",
            OsVersion => "os_version",
            Screen => "screen",
            Viewport => "viewport",
            Cms => "cms",
            VisitorType => "visitor_type",
            VisitNumber => "visit_number",
            DaysSinceLastVisit => "days_since_last_visit",
            UserId => "user_id",
            UserRole => "user_role",
            Page => "page",
            PageTitle => "page_title",
            ContentGroup(number) => return write!(formatter, "content_group{number}"),
            Custom(number) => return write!(formatter, "dimension{number}"),
            EventCategory => "event_category",
            EventAction => "event_action",
            EventLabel => "event_label",
            EventType => "event_type",
            EventUrl => "event_url",
            Goal => "goal",
            ProductSku => "product_sku",
            Product => "product",
            Brand => "brand",
            Category => "category",
            CategoryLevel(number) => return write!(formatter, "category{number}"),
            Variant => "variant",
            ProductList => "product_list",
            ListPosition => "list_position",
            Coupon => "coupon",
            Affiliation => "affiliation",
            Currency => "currency",
            OrderId => "order_id",
            OrderState => "order_state",
            Customer => "customer",
            BuyerType => "buyer_type",
            PurchaseDays => "purchase_days",
            PurchaseVisits => "purchase_visits",
            CheckoutStep => "checkout_step",
            CheckoutOption => "checkout_option",
            Promotion => "promotion",
            PromotionCreative => "promotion_creative",
            PromotionPosition => "promotion_position",
            Time(axis) => return write!(formatter, "time#{axis}"),
            HourOfDay => "hour_of_day",
            DayOfWeek => "day_of_week",
        };
        formatter.write_str(name)
    }
}
