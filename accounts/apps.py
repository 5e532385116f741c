"""Who may buy and who sells: accounts, groups, ship-tos, territories, users, reps, buyers, access, approvals."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from accounts import sheets
        from core import refs

        refs.register("account", "Account", lambda pk: reverse("admin:accounts_account_change", args=[pk]))
        refs.register("user", "User", lambda pk: reverse("admin:accounts_user_change", args=[pk]))
        refs.register("ship_to", "Ship-to", lambda pk: reverse("admin:accounts_shipto_change", args=[pk]))
        refs.register("approval", "Approval", lambda pk: reverse("admin:accounts_approvalrequest_change", args=[pk]))
        refs.register(
            "authority_limit", "Authority limit", lambda pk: reverse("admin:accounts_authoritylimit_change", args=[pk])
        )
        sheets.register()
