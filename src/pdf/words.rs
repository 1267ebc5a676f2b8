//! The fixed words of the layout itself, by language.
//!
//! Everything else a document says, it brings along.

/// The words of one language. `{page}` and `{pages}` stand for numbers.
pub(crate) struct Words {
    pub(crate) page: &'static str,
    pub(crate) powered_by: &'static str,
    pub(crate) name: &'static str,
    pub(crate) signature: &'static str,
    pub(crate) date: &'static str,
}

impl Words {
    /// The words of a two-letter language; English if there are none.
    pub(crate) fn of(language: &str) -> Self {
        let (page, powered_by, name, signature, date) = match language {
            "de" => (
                "Seite {page} von {pages}",
                "Erstellt mit Retainer",
                "Name",
                "Unterschrift",
                "Datum",
            ),
            "es" => ("Página {page} de {pages}", "Creado con Retainer", "Nombre", "Firma", "Fecha"),
            "fr" => ("Page {page} sur {pages}", "Créé avec Retainer", "Nom", "Signature", "Date"),
            "it" => ("Pagina {page} di {pages}", "Creato con Retainer", "Nome", "Firma", "Data"),
            "nl" => (
                "Pagina {page} van {pages}",
                "Gemaakt met Retainer",
                "Naam",
                "Handtekening",
                "Datum",
            ),
            "pt" => {
                ("Página {page} de {pages}", "Criado com Retainer", "Nome", "Assinatura", "Data")
            }
            _ => ("Page {page} of {pages}", "Powered by Retainer", "Name", "Signature", "Date"),
        };
        Self { page, powered_by, name, signature, date }
    }
}
