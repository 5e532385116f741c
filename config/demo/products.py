"""What is sold: families of products in sizes, with units, GTINs, substitutes, and who may buy what."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from catalog.rules.asks import ProductSpec, UnitSpec
from catalog.services.add_customer_part import add_customer_part
from catalog.services.create_products import create_products
from catalog.states import Effect, ProductStatus, Tracking
from config.demo.company import with_check_digit
from config.demo.world import SEEDER, Item, World

CENT = Decimal("0.01")
CATEGORIES = {
    "WOUND": ("Wound care", None),
    "DRESS": ("Dressings", "WOUND"),
    "SUTURE": ("Sutures", "WOUND"),
    "INFUS": ("Infusion", None),
    "CATH": ("Catheters", "INFUS"),
    "PUMP": ("Infusion pumps", "INFUS"),
    "OR": ("Operating room", None),
    "GLOVE": ("Gloves", "OR"),
    "DRAPE": ("Drapes and gowns", "OR"),
    "INSTR": ("Instruments", "OR"),
    "TRAY": ("Procedure trays", "OR"),
    "ORTHO": ("Orthopedics", None),
    "IMPL": ("Implants", "ORTHO"),
    "DIAG": ("Diagnostics", None),
    "RESP": ("Respiratory", None),
    "PHARM": ("Pharmacy", None),
}


@dataclass(frozen=True)
class Family:
    """`price` is the list price of the first size; each size costs `step` more. `usual` is a line's usual quantity."""

    code: str
    category: str
    name: str
    sizes: tuple[str, ...]
    price: str
    step: str
    usual: int
    case: int
    pallet: int = 0
    tracking: Tracking = Tracking.NONE
    shelf_days: int | None = None
    regulated: str = ""
    weight: int = 3
    grams: int = 100


FAMILIES = (
    Family("GLN", "GLOVE", "Solenne nitrile exam glove, powder-free, box of 200, {}", ("XS", "S", "M", "L", "XL"),
           "11.90", "0.00", 40, 10, 48, Tracking.LOT, 1095, weight=9, grams=780),
    Family("GLS", "GLOVE", "Solenne surgical glove, sterile, box of 50 pairs, size {}",
           ("6", "6½", "7", "7½", "8", "8½"),
           "58.40", "0.00", 12, 4, 40, Tracking.LOT, 1095, weight=7, grams=1400),
    Family("DRF", "DRESS", "Kestra foam dressing, {}",
           ("5 × 5 cm", "10 × 10 cm", "15 × 15 cm", "20 × 20 cm", "sacrum", "heel"),
           "2.85", "1.95", 50, 10, 0, Tracking.LOT, 1095, weight=6, grams=20),
    Family("DRH", "DRESS", "Kestra hydrocolloid dressing, {}",
           ("10 × 10 cm", "15 × 15 cm", "20 × 20 cm", "border 14 × 14 cm"),
           "3.40", "1.60", 40, 10, 0, Tracking.LOT, 730, weight=4, grams=25),
    Family("DRA", "DRESS", "Kestra silver alginate dressing, {}",
           ("5 × 5 cm", "10 × 10 cm", "10 × 20 cm", "rope 30 cm"),
           "7.95", "5.20", 20, 10, 0, Tracking.LOT, 730, weight=4, grams=15),
    Family("GZS", "DRESS", "Gauze sponge, sterile, tray of 10, {}",
           ("5 × 5 cm", "7.5 × 7.5 cm", "10 × 10 cm", "10 × 20 cm"),
           "0.82", "0.31", 200, 50, 40, Tracking.LOT, 1825, weight=7, grams=30),
    Family("BND", "DRESS", "Elastic bandage with closure, {}", ("5 cm", "7.5 cm", "10 cm", "15 cm"),
           "1.45", "0.40", 60, 20, 0, weight=4, grams=60),
    Family("SUN", "SUTURE", "Norvane nylon suture {}, box of 12", ("2-0", "3-0", "4-0", "5-0", "6-0"),
           "31.50", "1.25", 6, 6, 0, Tracking.LOT, 1460, weight=5, grams=90),
    Family("SUA", "SUTURE", "Norvane absorbable suture {}, box of 36", ("0", "2-0", "3-0", "4-0", "5-0"),
           "142.00", "3.50", 4, 6, 0, Tracking.LOT, 1095, weight=6, grams=180),
    Family("IVC", "CATH", "Peripheral IV catheter with safety, {}", ("14 G", "16 G", "18 G", "20 G", "22 G", "24 G"),
           "2.15", "0.05", 100, 50, 40, Tracking.LOT, 1460, weight=8, grams=12),
    Family("IVS", "CATH", "Infusion set, {}",
           ("gravity 180 cm", "gravity 250 cm", "pump 270 cm", "blood 200 cm", "burette 150 ml"),
           "3.10", "0.85", 60, 40, 24, Tracking.LOT, 1460, weight=7, grams=70),
    Family("CVC", "CATH", "Central venous catheter kit, {}", ("1-lumen", "2-lumen", "3-lumen", "4-lumen"),
           "41.00", "11.00", 6, 5, 0, Tracking.LOT, 1095, weight=4, grams=350),
    Family("FOL", "CATH", "Foley catheter, silicone, {}", ("12 Fr", "14 Fr", "16 Fr", "18 Fr", "20 Fr"),
           "5.60", "0.30", 20, 10, 0, Tracking.LOT, 1825, weight=5, grams=40),
    Family("PMP", "PUMP", "Vesta infusion pump, {}", ("1 channel", "2 channels", "syringe"),
           "1890.00", "740.00", 1, 1, 0, Tracking.SERIAL, None, weight=1, grams=3200),
    Family("DRP", "DRAPE", "Surgical drape, sterile, {}",
           ("75 × 90 cm", "laparotomy", "extremity", "C-section", "split 200 × 260 cm"),
           "6.20", "4.40", 20, 10, 16, Tracking.LOT, 1460, weight=6, grams=260),
    Family("GWN", "DRAPE", "Surgical gown, level 3, {}", ("M", "L", "XL", "XXL"),
           "7.35", "0.60", 40, 20, 12, Tracking.LOT, 1460, weight=6, grams=210),
    Family("MSK", "RESP", "Procedure mask, box of 50, {}", ("level 1", "level 2", "level 3", "with shield"),
           "6.90", "2.10", 40, 20, 48, weight=7, grams=190),
    Family("OXM", "RESP", "Oxygen mask with tubing, {}", ("adult", "child", "infant", "non-rebreather"),
           "2.95", "0.75", 30, 25, 0, Tracking.LOT, 1825, weight=4, grams=80),
    Family("NEB", "RESP", "Nebulizer set, {}", ("adult mask", "child mask", "mouthpiece"),
           "3.85", "0.45", 20, 25, 0, weight=3, grams=110),
    Family("INS", "INSTR", "Halsgrove instrument, {}",
           ("scalpel handle no. 3", "mosquito clamp 12 cm", "needle holder 15 cm", "Metzen scissors 18 cm",
            "tissue forceps 14 cm", "retractor 20 cm"),
           "14.50", "9.75", 4, 1, 0, weight=3, grams=90),
    Family("BLD", "INSTR", "Scalpel blade, sterile, box of 100, {}", ("no. 10", "no. 11", "no. 15", "no. 20", "no. 22"),
           "18.20", "0.40", 6, 10, 0, Tracking.LOT, 1825, weight=5, grams=160),
    Family("SCR", "IMPL", "Corvane cortical screw 3.5 mm, {}",
           ("10 mm", "14 mm", "18 mm", "22 mm", "26 mm", "30 mm", "36 mm"),
           "46.00", "1.50", 8, 1, 0, Tracking.LOT, 1825, weight=4, grams=4),
    Family("PLT", "IMPL", "Corvane locking plate, {}",
           ("4 holes", "6 holes", "8 holes", "10 holes", "distal radius left", "distal radius right"),
           "318.00", "46.00", 2, 1, 0, Tracking.LOT, 1825, weight=3, grams=45),
    Family("KNE", "IMPL", "Corvane knee system, femoral component, {}",
           ("left 3", "left 4", "left 5", "right 3", "right 4", "right 5"),
           "1640.00", "0.00", 1, 1, 0, Tracking.SERIAL, 1825, weight=1, grams=380),
    Family("STR", "DIAG", "Glucose test strips, {}", ("vial of 25", "vial of 50", "professional 100"),
           "9.80", "8.60", 24, 24, 0, Tracking.LOT, 540, weight=5, grams=40),
    Family("TUB", "DIAG", "Blood collection tube, tray of 100, {}",
           ("serum 5 ml", "EDTA 3 ml", "EDTA 6 ml", "citrate 2.7 ml", "heparin 4 ml"),
           "19.60", "1.80", 10, 10, 20, Tracking.LOT, 365, weight=7, grams=900),
    Family("RPD", "DIAG", "Rapid antigen test, kit of 25, {}", ("influenza A/B", "strep A", "RSV", "combined panel"),
           "64.00", "27.50", 5, 8, 0, Tracking.LOT, 450, weight=4, grams=320),
    Family("SPC", "DIAG", "Specimen container, sterile, {}", ("60 ml", "90 ml", "120 ml"),
           "0.38", "0.09", 200, 100, 20, weight=4, grams=18),
    Family("LID", "PHARM", "Lidocaine HCl injection {}, box of 25 vials",
           ("1 % 5 ml", "1 % 20 ml", "2 % 5 ml", "2 % 20 ml"),
           "38.50", "11.20", 6, 12, 0, Tracking.LOT, 730, "RX", weight=4, grams=620),
    Family("SAL", "PHARM", "Sodium chloride 0.9 % injection, {}",
           ("flush 10 ml × 30", "100 ml", "250 ml", "500 ml", "1,000 ml"),
           "17.80", "0.00", 12, 12, 30, Tracking.LOT, 730, "RX", weight=6, grams=900),
    Family("FEN", "PHARM", "Fentanyl citrate injection 50 mcg/ml, box of 10, {}", ("2 ml", "5 ml"),
           "46.00", "28.00", 4, 10, 0, Tracking.LOT, 730, "C-II", weight=1, grams=150),
)  # fmt: skip
TRAYS = (
    ("TRY-SUTURE", "Suture tray: needle holder, forceps, gauze, drape", "24.60"),
    ("TRY-CVC", "Central line tray: catheter, drape, gown, flush", "96.50"),
    ("TRY-DRESS", "Dressing change tray: gauze, foam dressing, gloves", "9.75"),
)
SHADES = ("", ", blue label", ", export pack", ", bulk pack", ", hospital pack", ", reusable pack", ", dispenser pack")
LICENCES = {"RX": "State pharmacy", "C-II": "DEA"}


def make(world: World) -> None:
    categories: dict[str, int] = {}
    for code, (name, parent) in CATEGORIES.items():
        categories[code] = world.keep("catalog.Category", code=code, name=name, parent_id=categories.get(parent or ""))
    drawn = _drawn(world)
    specs = [
        _spec(n, family, sku, name, price, categories) for n, (family, sku, name, price) in enumerate(drawn, start=1)
    ]
    ids = create_products(specs, actor=SEEDER, now=world.opening)
    for (family, _sku, name, price), spec in zip(drawn, specs, strict=True):
        world.items.append(
            Item(
                ids[spec.sku.upper()],
                spec.sku,
                name,
                family.code,
                price,
                spec.standard_cost or Decimal(0),
                family.usual,
                family.case,
                family.tracking,
                family.shelf_days,
                family.regulated,
                family.weight,
            )
        )
    _trays(world, categories["TRAY"])
    _kit(world, categories["TRAY"])
    _discontinued(world, categories["INSTR"])
    _substitutions(world)
    _authorizations(world)
    _customer_parts(world)


def _drawn(world: World) -> list[tuple[Family, str, str, Decimal]]:
    """The families' sizes one by one, first of each first, so that a small demo has something of everything."""
    found: list[tuple[Family, str, str, Decimal]] = []
    wanted = world.scale.products - len(TRAYS) - 2  # the kit and a discontinued one
    for shade, words in enumerate(SHADES * (1 + wanted // 700)):
        if shade >= len(SHADES):
            words += f", series {shade // len(SHADES) + 1}"
        for size in range(max(len(f.sizes) for f in FAMILIES)):
            for family in FAMILIES:
                if size < len(family.sizes) and len(found) < wanted:
                    sku = f"{family.code}-{100 + 10 * size}" + (f"-{shade}" if shade else "")
                    price = Decimal(family.price) + Decimal(family.step) * size
                    price = (price * (1 + Decimal(shade % 7) / 50)).quantize(CENT)
                    found.append((family, sku, family.name.format(family.sizes[size]) + words, price))
    return found


def _spec(n: int, family: Family, sku: str, name: str, price: Decimal, categories: dict[str, int]) -> ProductSpec:
    units = [UnitSpec("CA", family.case, 1, gtin(n, 1))] if family.case > 1 else []
    if family.pallet:
        units.append(UnitSpec("PAL", family.case * family.pallet, 1, gtin(n, 3)))
    return ProductSpec(
        sku,
        name,
        gtin=gtin(n),
        manufacturer_part=f"{family.name.split()[0][:3].upper()}{4_000 + n}",
        tracking=family.tracking,
        standard_cost=(price * (Decimal("0.58") + Decimal(n % 9) / 100)).quantize(CENT),
        weight_kg=Decimal(family.grams) / 1000,
        shelf_life_days=family.shelf_days,
        category_id=categories[family.category],
        regulated_class=family.regulated,
        units=tuple(units),
    )


def gtin(n: int, indicator: int = 0) -> str:
    """GTIN-14 in GS1's prefix for demonstrations; the indicator says which packaging (0 each, 1 case, 3 pallet)."""
    return with_check_digit(f"{indicator}952{70_000 + n // 10_000:05}{n % 10_000:04}")


def _trays(world: World, category_id: int) -> None:
    """Packed by the maker and stocked as one piece."""
    specs = [
        ProductSpec(
            sku,
            name,
            gtin=gtin(9_900 + n),
            tracking=Tracking.LOT,
            standard_cost=(Decimal(price) * Decimal("0.61")).quantize(CENT),
            shelf_life_days=730,
            category_id=category_id,
            weight_kg=Decimal("0.8"),
        )
        for n, (sku, name, price) in enumerate(TRAYS)
    ]
    ids = create_products(specs, actor=SEEDER, now=world.opening)
    for spec, (sku, name, price) in zip(specs, TRAYS, strict=True):
        cost = spec.standard_cost or Decimal(0)
        world.items.append(Item(ids[sku], sku, name, "TRY", Decimal(price), cost, 6, 1, Tracking.LOT, 730, "", 4))


def _kit(world: World, category_id: int) -> None:
    """Put together from what is on the shelf: there are as many as its scarcest component allows."""
    spec = ProductSpec("KIT-WOUND", "Wound care starter kit", gtin=gtin(9_980), category_id=category_id)
    kit = create_products([spec], actor=SEEDER, now=world.opening)[spec.sku]
    by_family = {i.family: i for i in reversed(world.items)}
    for family, qty in (("DRF", 4), ("GZS", 2), ("BND", 2), ("GLN", 1)):
        if family in by_family:
            component = by_family[family].id
            world.keep("catalog.KitComponent", kit_id=kit, component_id=component, qty=Decimal(qty))
    never_stocked = Item(
        kit, spec.sku, spec.name, "KIT", Decimal("34.90"), Decimal(0), 1, 1, Tracking.NONE, None, "", 0
    )
    world.items.append(never_stocked)


def _discontinued(world: World, category_id: int) -> None:
    spec = ProductSpec(
        "INS-990",
        "Halsgrove instrument, bone rongeur 19 cm (discontinued)",
        gtin=gtin(9_990),
        status=ProductStatus.DISCONTINUED,
        standard_cost=Decimal("61.00"),
        category_id=category_id,
    )
    create_products([spec], actor=SEEDER, now=world.opening)


def _substitutions(world: World) -> None:
    """The next size up of gloves and dressings, with the customer's consent; a mask level without."""
    by_sku = {i.sku: i for i in world.items}
    for short, other, consent in (
        ("GLN-120", "GLN-130", True),
        ("DRF-110", "DRF-120", True),
        ("MSK-110", "MSK-120", False),
        ("IVC-120", "IVC-130", True),
        ("TUB-110", "TUB-120", True),
    ):
        if short in by_sku and other in by_sku:
            world.keep(
                "catalog.Substitution",
                product_id=by_sku[short].id,
                substitute_id=by_sku[other].id,
                needs_consent=consent,
            )


def _authorizations(world: World) -> None:
    """Prescription goods need a pharmacy licence, narcotics a DEA registration; care homes get no implants."""
    for regulated, kind in LICENCES.items():
        world.keep(
            "catalog.AuthorizationRule",
            name=f"{regulated} needs a {kind} licence",
            effect=Effect.ALLOW,
            regulated_class=regulated,
            license_kind=kind,
        )
    hospitals = [c for c in world.customers if c.kind in ("hospital", "system", "surgery", "ortho", "clinic")]
    for n, customer in enumerate(hospitals):
        until = world.today + timedelta(days=200 + 11 * (n % 30))
        _license(world, customer.id, "State pharmacy", f"{customer.state}-PH-{customer.code}", until)
        if customer.kind in ("hospital", "system"):
            _license(world, customer.id, "DEA", f"B{customer.state}{customer.code}", until)
    vet = next((c for c in world.customers if c.kind == "vet"), None)
    if vet:  # the licence that ran out: its order for prescription goods is refused, with this reason
        _license(world, vet.id, "State pharmacy", f"{vet.state}-PH-{vet.code}", world.today - timedelta(days=12))


def _license(world: World, account_id: int, kind: str, number: str, valid_to: object) -> None:
    world.keep(
        "catalog.License",
        account_id=account_id,
        kind=kind,
        number=number,
        valid_from=world.start - timedelta(days=365),
        valid_to=valid_to,
    )


def _customer_parts(world: World) -> None:
    """The two largest customers order by their own numbers."""
    for n, customer in enumerate(world.customers[:2]):
        for place, item in enumerate(world.items[n::4][:15]):
            theirs = f"{'MM' if n == 0 else 'H-'}{77_003 + 31 * place}"
            add_customer_part(
                account_id=customer.id, part_number=theirs, product_id=item.id, actor=SEEDER, now=world.opening
            )
