from django.db import models
from django.db.models import Q

from core.choices import choices
from core.triggers import guard
from integrations.states import UPLOAD, ApplyMode, RowOutcome, UploadState


class Upload(models.Model):
    """A file of reference data on its way in: uploaded, its columns named, previewed, applied, perhaps undone.

    `columns` is {column of the sheet: place in the file}. `version` grows with every preview: what is confirmed is the
    preview somebody looked at. `counts` is {outcome: rows}.
    """

    sheet = models.CharField(max_length=60)
    name = models.CharField("file", max_length=200)
    file = models.FileField(upload_to="imports/%Y/%m/", max_length=300)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    header = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=choices(UploadState), default=UploadState.UPLOADED)
    version = models.PositiveIntegerField(default=0)
    mode = models.CharField(max_length=11, choices=choices(ApplyMode), blank=True)
    counts = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    problem = models.TextField(blank=True)
    uploaded_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_label = models.CharField("by", max_length=150)
    uploaded_at = models.DateTimeField()
    previewed_at = models.DateTimeField(null=True)
    applied_label = models.CharField("applied by", max_length=150, blank=True)
    applied_at = models.DateTimeField(null=True)
    undo_reason = models.CharField(max_length=200, blank=True)
    undone_label = models.CharField("undone by", max_length=150, blank=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "import"
        constraints = [
            models.UniqueConstraint(
                fields=["sheet"],
                condition=Q(state__in=["applying", "undoing"]),
                name="one_import_of_a_sheet_is_applied_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["sheet", "sha256", "-id"], name="uploads_of_the_same_file")]
        triggers = [guard(UPLOAD, "state")]

    def __str__(self) -> str:
        return self.name


class UploadRow(models.Model):
    """A row of the file with what the preview found: the cells as they came, the values after, what is wrong; `before`
    holds the old values of the columns that change, and is null for a new record.

    `record_id` and `version` say which stored row it was compared with, in which state.
    """

    upload = models.ForeignKey(
        Upload, on_delete=models.CASCADE, related_name="rows", db_index=False
    )  # constraint below
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=400, blank=True)
    outcome = models.CharField(max_length=9, choices=choices(RowOutcome))
    record_id = models.BigIntegerField(null=True)
    version = models.CharField(max_length=40, blank=True)
    cells = models.JSONField()
    after = models.JSONField()
    before = models.JSONField(null=True)
    problems = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="one_row_per_upload_and_number")]
        indexes = [models.Index(fields=["upload", "outcome", "number"], name="upload_rows_by_outcome")]

    def __str__(self) -> str:
        return f"row {self.number}"
