//! What may be done, as the audit log calls it.

use std::str::FromStr;

macro_rules! actions {
    ($($variant:ident $word:literal)*) => {
        /// What was done, as a fixed word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($variant,)*
        }

        impl Action {
            pub const ALL: &[Action] = &[$(Action::$variant,)*];

            /// The word that is shown, stored and sent.
            pub fn name(self) -> &'static str {
                match self {
                    $(Action::$variant => $word,)*
                }
            }
        }
    };
}

actions! {
    AccountCreated "account.created"
    SettingsChanged "settings.changed"
    PlanChanged "plan.changed"
    GoalCreated "goal.created"
    GoalChanged "goal.changed"
    GoalDeleted "goal.deleted"
    SegmentCreated "segment.created"
    SegmentChanged "segment.changed"
    SegmentDeleted "segment.deleted"
    CheckoutStepCreated "checkout_step.created"
    CheckoutStepChanged "checkout_step.changed"
    CheckoutStepDeleted "checkout_step.deleted"
    RatesChanged "rates.changed"
    KeyCreated "key.created"
    KeyRenamed "key.renamed"
    KeyRevoked "key.revoked"
    ClientCreated "client.created"
    ClientChanged "client.changed"
    ClientSecretRotated "client.secret_rotated"
    ClientDeleted "client.deleted"
    AppConnected "app.connected"
    AppRevoked "app.revoked"
    ShopApproved "shop.approved"
    MemberAdded "member.added"
    MemberRoleChanged "member.role_changed"
    MemberRemoved "member.removed"
    InvitationCreated "invitation.created"
    InvitationAccepted "invitation.accepted"
    InvitationWithdrawn "invitation.withdrawn"
    ShareCreated "share.created"
    ShareChanged "share.changed"
    ShareRevoked "share.revoked"
    PersonCreated "person.created"
    PersonChanged "person.changed"
    PersonDisabled "person.disabled"
    PersonEnabled "person.enabled"
    PersonSignedIn "person.signed_in"
    EmailConfirmed "person.email_confirmed"
    EmailChanged "person.email_changed"
    PasswordChanged "person.password_changed"
    PasswordReset "person.password_reset"
    SecondFactorEnabled "person.second_factor_enabled"
    SecondFactorDisabled "person.second_factor_disabled"
    SecondFactorLocked "person.second_factor_locked"
    RecoveryCodesMade "person.recovery_codes_made"
    RecoveryCodeUsed "person.recovery_code_used"
}

impl FromStr for Action {
    type Err = ();

    fn from_str(input: &str) -> Result<Action, ()> {
        let mut all = Action::ALL.iter();
        all.find(|action| action.name() == input).copied().ok_or(())
    }
}
