//! The three checksums that AWS's SDK takes from `crc-fast`, without the tables of the seventy others: those are 0.6 MB of the zip of
//! every function that asks S3, a tenth of it, though nothing ever reads them.
//!
//! **Job.** CRC-32, CRC-32C and CRC-64/NVME, as RFC 3309 and the NVM Command Set Specification have them, under the names by which
//! `aws-smithy-checksums` asks for them.
//!
//! **Invariants.** What was given in pieces counts as what was given whole.
//!
//! **Must never know.** Who asks, and for what.

use std::sync::OnceLock;

/// A checksum. All of them start from ones, and end in their complement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-32, of Ethernet and zip.
    Crc32IsoHdlc,
    /// CRC-32C.
    Crc32Iscsi,
    /// CRC-64/NVME: what S3 gives an object whose writer gave none.
    Crc64Nvme,
}

/// What a byte does to a checksum, by how many bytes come after it.
type Tables = [[u64; 256]; 8];

impl CrcAlgorithm {
    /// The polynomial, its lowest power in the highest bit.
    const fn polynomial(self) -> u64 {
        match self {
            Self::Crc32IsoHdlc => 0xedb8_8320,
            Self::Crc32Iscsi => 0x82f6_3b78,
            Self::Crc64Nvme => 0x9a6c_9329_ac4b_c9b5,
        }
    }

    const fn ones(self) -> u64 {
        match self {
            Self::Crc32IsoHdlc | Self::Crc32Iscsi => u32::MAX as u64,
            Self::Crc64Nvme => u64::MAX,
        }
    }

    /// Made when first asked for, which takes microseconds, and no room in a zip.
    fn tables(self) -> &'static Tables {
        static OF_CRC32: OnceLock<Box<Tables>> = OnceLock::new();
        static OF_CRC32C: OnceLock<Box<Tables>> = OnceLock::new();
        static OF_CRC64: OnceLock<Box<Tables>> = OnceLock::new();
        let tables = match self {
            Self::Crc32IsoHdlc => &OF_CRC32,
            Self::Crc32Iscsi => &OF_CRC32C,
            Self::Crc64Nvme => &OF_CRC64,
        };
        tables.get_or_init(|| Box::new(make_tables(self.polynomial())))
    }
}

fn make_tables(polynomial: u64) -> Tables {
    let mut tables = [[0; 256]; 8];
    for (byte, entry) in (0..).zip(&mut tables[0]) {
        *entry = (0..8).fold(byte, |crc, _| if crc & 1 == 1 { crc >> 1 ^ polynomial } else { crc >> 1 });
    }
    for later in 1..tables.len() {
        for byte in 0..256 {
            let before = tables[later - 1][byte];
            tables[later][byte] = before >> 8 ^ tables[0][usize::from(before.to_le_bytes()[0])];
        }
    }
    tables
}

/// A checksum that is being made.
#[derive(Debug, Clone, Copy)]
pub struct Digest {
    algorithm: CrcAlgorithm,
    state: u64,
}

impl Digest {
    /// The checksum of nothing.
    #[must_use]
    pub const fn new(algorithm: CrcAlgorithm) -> Self {
        Self { algorithm, state: algorithm.ones() }
    }

    /// Adds bytes, eight at a time.
    pub fn update(&mut self, bytes: &[u8]) {
        let tables = self.algorithm.tables();
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            let mixed = (self.state ^ u64::from_le_bytes(*chunk)).to_le_bytes();
            let each = mixed.into_iter().zip(tables.iter().rev());
            self.state = each.fold(0, |crc, (byte, table)| crc ^ table[usize::from(byte)]);
        }
        for byte in rest {
            let index = usize::from(self.state.to_le_bytes()[0] ^ byte);
            self.state = self.state >> 8 ^ tables[0][index];
        }
    }

    /// The checksum of all bytes so far.
    #[must_use]
    pub const fn finalize(&self) -> u64 {
        self.state ^ self.algorithm.ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [CrcAlgorithm; 3] = [CrcAlgorithm::Crc32IsoHdlc, CrcAlgorithm::Crc32Iscsi, CrcAlgorithm::Crc64Nvme];

    fn of(algorithm: CrcAlgorithm, pieces: &[&[u8]]) -> u64 {
        let mut digest = Digest::new(algorithm);
        for piece in pieces {
            digest.update(piece);
        }
        digest.finalize()
    }

    /// The check values of <https://reveng.sourceforge.io/crc-catalogue/>.
    #[test]
    fn the_catalogue_says_so() {
        let checks = ALL.map(|algorithm| of(algorithm, &[b"123456789"]));
        assert_eq!(checks, [0xcbf4_3926, 0xe306_9283, 0xae8b_1486_0a79_9888]);
        assert_eq!(ALL.map(|algorithm| of(algorithm, &[])), [0; 3]);
    }

    /// RFC 3720, section B.4.
    #[test]
    fn the_examples_of_iscsi() {
        let ascending: Vec<u8> = (0..32).collect();
        for (bytes, crc) in [(&[0; 32][..], 0x8a91_36aa), (&[0xff; 32], 0x62a8_ab43), (&ascending, 0x46dd_794e)] {
            assert_eq!(of(CrcAlgorithm::Crc32Iscsi, &[bytes]), crc);
        }
    }

    #[test]
    fn pieces_count_as_the_whole() {
        let bytes: Vec<u8> = (0..100u8).map(|n| n.wrapping_mul(37)).collect();
        for algorithm in ALL {
            for cut in 0..bytes.len() {
                let (left, right) = bytes.split_at(cut);
                assert_eq!(of(algorithm, &[left, right]), of(algorithm, &[&bytes]), "{algorithm:?} {cut}");
            }
        }
    }
}
