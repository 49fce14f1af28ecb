//! Identity providers: SAML and OpenID Connect.

use crate::catalog::attack::{REMOVAL, TRUST};
use crate::catalog::meaning::{FieldMeaning, FieldValue};
use crate::catalog::row::{iam, means};
use crate::catalog::types::AccessEffect::ChangesFederation;
use crate::catalog::types::ObjectKind::{ClientId, Itself, Thumbprints};
use crate::catalog::types::Operation::{Add, Change, Create, Delete, Remove, Replace, Tag, Untag};
use crate::catalog::types::TargetKind::{OidcProvider, SamlProvider};
use crate::catalog::types::{Action, Containment, TargetLookup};
use crate::severity::Severity::{High, Low, Medium};

const PROVIDER: &str = "Identities from this provider can assume every role that trusts it.";

/// `UpdateSAMLProvider` (IAM API reference).
#[rustfmt::skip] // A row is read across.
const SAML: &[FieldMeaning] = &[
    means("sAMLMetadataDocument", FieldValue::Given, High, "With other metadata, somebody else can sign assertions that this account accepts, for every role that trusts the provider."),
    means("assertionEncryptionMode", FieldValue::Is("Required"), Low, "The provider accepts only encrypted assertions now. Who can sign assertions does not change."),
    means("assertionEncryptionMode", FieldValue::Given, Medium, "The provider also accepts assertions that are not encrypted. Who can sign assertions does not change."),
    means("addPrivateKey", FieldValue::Given, Medium, "AWS can decrypt assertions with one more private key now."),
    means("removePrivateKey", FieldValue::Given, Medium, "AWS cannot decrypt assertions with one private key any more."),
];

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    iam("CreateSAMLProvider", Create, Itself, SamlProvider)
        .is(ChangesFederation, Medium, PROVIDER)
        .looks_up(TargetLookup::Current).contained_by(Containment::DeleteProvider).technique(TRUST).watched(),
    iam("UpdateSAMLProvider", Change, Itself, SamlProvider)
        .is(ChangesFederation, High, "Not all of the change is in the event or could be evaluated. With other metadata, somebody else can sign assertions that this account accepts.")
        .fields(SAML).looks_up(TargetLookup::Current).contained_by(Containment::ReviewProvider).technique(TRUST).watched(),
    iam("DeleteSAMLProvider", Delete, Itself, SamlProvider).revokes().gone().technique(REMOVAL),
    iam("CreateOpenIDConnectProvider", Create, Itself, OidcProvider)
        .is(ChangesFederation, Medium, PROVIDER)
        .looks_up(TargetLookup::Current).contained_by(Containment::DeleteProvider).technique(TRUST).watched(),
    iam("DeleteOpenIDConnectProvider", Delete, Itself, OidcProvider).revokes().gone().technique(REMOVAL),
    iam("UpdateOpenIDConnectProvider", Change, Itself, OidcProvider)
        .is(ChangesFederation, Medium, "The provider's audiences or thumbprints decide which tokens this account accepts.")
        .looks_up(TargetLookup::Current).contained_by(Containment::ReviewProvider).technique(TRUST).watched(),
    iam("UpdateOpenIDConnectProviderThumbprint", Replace, Thumbprints, OidcProvider)
        .is(ChangesFederation, Medium, "The thumbprints decide whose certificate may serve the provider's keys.")
        .looks_up(TargetLookup::Current).contained_by(Containment::ReviewProvider).technique(TRUST).watched(),
    iam("AddClientIDToOpenIDConnectProvider", Add, ClientId, OidcProvider).named(&["clientID"])
        .is(ChangesFederation, Medium, "Tokens issued for another application are accepted now.")
        .looks_up(TargetLookup::Current).contained_by(Containment::RemoveClientId).technique(TRUST).watched(),
    iam("RemoveClientIDFromOpenIDConnectProvider", Remove, ClientId, OidcProvider).named(&["clientID"])
        .revokes().looks_up(TargetLookup::Current),
    iam("TagSAMLProvider", Tag, Itself, SamlProvider).tags(),
    iam("UntagSAMLProvider", Untag, Itself, SamlProvider).tags(),
    iam("TagOpenIDConnectProvider", Tag, Itself, OidcProvider).tags(),
    iam("UntagOpenIDConnectProvider", Untag, Itself, OidcProvider).tags(),
];
