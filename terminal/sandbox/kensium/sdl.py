"""The schema of the Kensium server, as far as it is known; names of types and scalars are not published."""

PRODUCTS = (
    "product", "productBanner", "productGroup", "productNotice", "productSection", "productSortOption",
)  # fmt: skip
"""Queries of which nothing but the name is known."""

_KNOWN = """
scalar Decimal
scalar DateTime
enum GiftCardCodeType { PHYSICAL PERSONAL EXTERNAL }
enum GiftCardTransType { ADD USE ADJUST EXTERNAL IMPORT }
enum GiftCardTransStatus { AUTHORIZED CANCELLED COMPLETED }
enum TerminalPaymentType { SALE REFUND AUTHORIZE }

type Query {
  environment: Environment
  customer(id: String, memberId: String, first: Int, skip: Int, since: String): CustomerResults
  item(sku: String, warehouseCode: String, first: Int, skip: Int, since: String): ItemResults
  itemWarehouse(warehouseCode: String, first: Int, skip: Int, since: String): ItemWarehouseResults
  itemSerialLot(warehouseCode: String, first: Int, skip: Int, since: String): ItemSerialLotResults
  location(first: Int, skip: Int): LocationResults
  sale(
    id: String, customerId: String, fromDate: String, toDate: String, first: Int, skip: Int, since: String
  ): SaleResults
  giftcard(code: String, codeType: GiftCardCodeType): GiftCardResults
}
type Environment { version: String utcNow: DateTime currency: String }
type CustomerResults {
  hasMoreResults: Boolean limitedByPermission: Boolean until: String results: [Customer]
}
type Customer { id: String memberId: String status: String fullName: String phone: Phone }
type Phone { raw: String normalized: String }
type ItemResults { hasMoreResults: Boolean until: String results: [Item] }
type Item {
  sku: String name: String longName: String saleUom: String stockUom: String warehouses: [ItemWarehouse]
}
type ItemWarehouseResults { hasMoreResults: Boolean until: String results: [ItemWarehouse] }
type ItemWarehouse { warehouseCode: String sku: String basePrice: Decimal quantityAvailable: Decimal }
type ItemSerialLotResults { hasMoreResults: Boolean until: String results: [ItemSerialLot] }
type ItemSerialLot { warehouseCode: String sku: String serialLotNbr: String quantityAvailable: Decimal }
type LocationResults { hasMoreResults: Boolean results: [Location] }
type Location { code: String name: String }
type SaleResults { hasMoreResults: Boolean until: String results: [Sale] }
type Sale { id: String registerCode: String tranNo: String customerId: String saleDate: DateTime }
type GiftCardResults { limitedByPermission: Boolean hasMoreResults: Boolean results: [GiftCard] }
type GiftCard { id: String memberId: String balance: Decimal codes: [GiftCardCode] }
type GiftCardCode {
  id: String codeType: GiftCardCodeType code: String expiresOn: DateTime isMasked: Boolean
}

type Mutation {
  giftcardAdd(giftcard: GiftCardAddInput!): GiftCard
  giftcardEdit(giftcard: GiftCardEditInput!): GiftCard
  giftcardTransAdd(trans: GiftCardTransAddInput!): GiftCardTrans
  giftcardTransCapture(trans: GiftCardTransCaptureInput!): GiftCardTrans
  purchaseAdd(add: PurchaseAddInput!): Purchase
  terminalPayment: TerminalPayments
}
input GiftCardAddInput {
  physicalCode: String physicalPin: String physicalCodeExpiresOn: DateTime addPersonalCode: Boolean
  memberId: String externalCode: String
}
input GiftCardEditInput { id: String! addPersonalCode: Boolean revokePhysicalCode: Boolean memberId: String }
input GiftCardTransAddInput {
  codeType: GiftCardCodeType code: String! pin: String transType: GiftCardTransType! amount: Decimal!
  sourceId: String refNo: String authorizeOnly: Boolean
}
input GiftCardTransCaptureInput { id: String! cancel: Boolean }
type GiftCardTrans { id: String balance: Decimal giftcardId: String status: GiftCardTransStatus }
input PurchaseAddInput {
  transactionId: String! storeCode: String! purchasedOn: DateTime! payAmount: Decimal!
  saleDiscountAmount: Decimal! itemDiscountAmount: Decimal! subTotal: Decimal! refundAmount: Decimal!
  taxAmount: Decimal! channel: String memberId: String orderType: String payMethod: String
  customerId: String email: String
  lineItems: [PurchaseLineInput!]!
}
input PurchaseLineInput {
  lineNumber: Int! sku: String! isRefund: Boolean! unitPrice: Decimal! extPrice: Decimal!
  itemDiscountAmount: Decimal! saleDiscountAmount: Decimal! quantity: Decimal! uom: String!
}
type Purchase { id: String }

type TerminalPayments {
  start(payment: TerminalPaymentStartInput!): TerminalPaymentAnswer
  continue(id: String!): TerminalPaymentAnswer
  capture(id: String!): TerminalPaymentAnswer
}
input TerminalPaymentStartInput {
  transType: TerminalPaymentType! amount: Decimal! sourceId: String refNo: String
}
type TerminalPaymentAnswer {
  payment: TerminalPayment error: TerminalPaymentError continuation: TerminalPaymentContinuation
}
type TerminalPayment { id: String status: String amount: Decimal }
type TerminalPaymentError { code: String message: String }
type TerminalPaymentContinuation { id: String waitMilliseconds: Int }
"""


def _of_product(name: str) -> str:
    type_ = name[:1].upper() + name[1:]
    return f"""
extend type Query {{ {name}(first: Int, skip: Int): {type_}Results }}
type {type_}Results {{ hasMoreResults: Boolean results: [{type_}] }}
type {type_} {{ id: String name: String }}
"""


SDL = _KNOWN + "".join(map(_of_product, PRODUCTS))
