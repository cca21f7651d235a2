//! What a verdict rests on, as the native API tells it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scoring::rules::content_hash;
use crate::session::examination::{ExaminationOrder, PackHash, Provenance};

/// The rules that an examination is judged by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::UsedRulesBody)]
pub struct UsedRulesBody {
    /// The name that the rule file gives itself.
    pub name: Option<String>,
    /// The project's version; null for the service's own rules.
    pub version: Option<u32>,
    /// SHA-256 of the rule file.
    pub hash: String,
}

impl From<&ExaminationOrder> for UsedRulesBody {
    fn from(order: &ExaminationOrder) -> Self {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let named: Option<Named> = serde_json::from_str(&order.rules).ok();
        Self {
            name: named.map(|named| named.name),
            version: order.rules_version,
            hash: content_hash(&order.rules),
        }
    }
}

/// What measured, and what it measured.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::ProvenanceBody)]
pub struct ProvenanceBody {
    /// The program and its version.
    pub software: String,
    /// The model packs that took part.
    pub packs: Vec<PackBody>,
    /// SHA-256 of the document as it was received.
    pub document_sha256: String,
    /// SHA-256 of the video as it was received.
    pub video_sha256: String,
}

/// A model pack.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = native::PackBody)]
pub struct PackBody {
    pub name: String,
    pub sha256: String,
}

impl From<Provenance> for ProvenanceBody {
    fn from(provenance: Provenance) -> Self {
        Self {
            software: provenance.software,
            packs: provenance.packs.into_iter().map(PackBody::from).collect(),
            document_sha256: provenance.document_sha256,
            video_sha256: provenance.video_sha256,
        }
    }
}

impl From<PackHash> for PackBody {
    fn from(pack: PackHash) -> Self {
        Self {
            name: pack.name,
            sha256: pack.sha256,
        }
    }
}
