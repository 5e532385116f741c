from integrations.models.edi import EdiTransaction, InboxFile, Interchange, OutboundDocument
from integrations.models.imported import ImportedLine
from integrations.models.letter import PromiseLetter
from integrations.models.partner import PartnerProfile
from integrations.models.upload import Upload, UploadRow

__all__ = [
    "EdiTransaction",
    "ImportedLine",
    "InboxFile",
    "Interchange",
    "OutboundDocument",
    "PartnerProfile",
    "PromiseLetter",
    "Upload",
    "UploadRow",
]
