//! Writes a small book as a PDF.

use std::fmt::Write as _;

/// Returns a PDF with a page for each of these texts, whose lines are as they are.
pub fn book(pages: &[String]) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!(
            "<< /Type /Pages /Count {} /Kids [{}] >>",
            pages.len(),
            (0..pages.len()).fold(String::new(), |mut kids, page| {
                write!(kids, "{} 0 R ", 4 + 2 * page).unwrap();
                kids
            })
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
    ];
    for (number, text) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {} 0 R >>",
            5 + 2 * number
        ));
        let mut shown = String::from("BT /F1 11 Tf 60 780 Td 14 TL\n");
        for line in text.lines() {
            let line = line.replace(['(', ')', '\\'], " ");
            writeln!(shown, "({line}) Tj T*").unwrap();
        }
        shown.push_str("ET\n");
        objects.push(format!(
            "<< /Length {} >>\nstream\n{shown}endstream",
            shown.len()
        ));
    }
    let mut pdf = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        writeln!(pdf, "{} 0 obj\n{object}\nendobj", number + 1).unwrap();
    }
    let table = pdf.len();
    writeln!(pdf, "xref\n0 {}\n0000000000 65535 f ", places.len() + 1).unwrap();
    for place in &places {
        writeln!(pdf, "{place:010} 00000 n ").unwrap();
    }
    let size = places.len() + 1;
    writeln!(
        pdf,
        "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF"
    )
    .unwrap();
    pdf.into_bytes()
}
