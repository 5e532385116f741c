import pytest

from tests.factories.accounts import AccountFactory
from tests.factories.catalog import CustomerPartFactory, ProductFactory
from tests.factories.doors import buyer_for, device_of

pytestmark = pytest.mark.django_db


def test_a_scanned_barcode_and_the_customer_s_own_number_find_the_product_and_nobody_else_s():
    account, other = AccountFactory(), AccountFactory()
    product = ProductFactory(sku="NL-2210", gtin="00012345678905", standard_cost="9.99")
    CustomerPartFactory(account=account, product=product, part_number="HDG-0087")
    device, foreign = device_of(buyer_for(account)), device_of(buyer_for(other))
    (found,) = device.get("/api/v1/products?barcode=012345678905").json()["items"]
    assert (found["sku"], found["matched_by"]) == ("NL-2210", "gtin")
    (mine,) = device.get("/api/v1/products?barcode=hdg-0087").json()["items"]
    assert mine["matched_by"] == "customer_part"
    assert foreign.get("/api/v1/products?barcode=HDG-0087").json()["items"] == []
    assert "9.99" not in device.get("/api/v1/products?q=NL-22").content.decode()
    assert [p["sku"] for p in device.get("/api/v1/products?q=NL-22").json()["items"]] == ["NL-2210"]


def test_an_unknown_parameter_is_a_400_that_names_the_known_ones():
    device = device_of(buyer_for(AccountFactory()))
    answer = device.get("/api/v1/products?serch=x")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")
    assert "barcode" in answer.json()["remedy"]
    assert device.get("/api/v1/products?q=x").status_code == 400


def test_a_foreign_customer_in_a_parameter_is_a_404():
    device = device_of(buyer_for(AccountFactory()))
    foreign = AccountFactory(code="FOREIGN")
    for given in ("FOREIGN", str(foreign.public_id), "NOBODY"):
        assert device.get(f"/api/v1/products?barcode=X&account={given}").status_code == 404
